import Kernels

/// What the autotuner chose for a pass, and from what. A strategy is named by the parameters that `order: auto` leaves open.
public struct Tuning: Codable, Equatable, Sendable {
  public typealias Strategy = [String: ParameterValue]

  /// One of the candidates that were left to be timed.
  public struct Candidate: Codable, Equatable, Sendable {
    public var strategy: Strategy
    /// What a step of it keeps in use.
    public var workingSetBytes: Double
    public var estimatedNanosecondsPerToken: Double
    /// Median over the rounds; nil where it could not be timed.
    public var measuredNanosecondsPerToken: Double?
    public var rounds: Int
    /// Why it could not be timed.
    public var reason: String?
  }

  /// The fastest of those measured.
  public var strategy: Strategy
  /// By rising estimate.
  public var candidates: [Candidate]
  /// Candidates before pruning.
  public var considered: Int
}

extension [any Network] {
  /// The network that walks by `strategy`.
  func first(by strategy: Tuning.Strategy) -> (any Network)? { first { $0.strategyValues == strategy } }
}
