import Kernels

/// The strategy chosen for a pass, and its candidates. A strategy is named by the parameters that `order: auto`
/// leaves open.
public struct Tuning: Codable, Equatable, Sendable {
  public typealias Strategy = [String: ParameterValue]

  /// A candidate that was left to be timed.
  public struct Candidate: Codable, Equatable, Sendable {
    public var strategy: Strategy
    /// Bytes that one step of the strategy keeps in use.
    public var workingSetBytes: Double
    public var estimatedNanosecondsPerToken: Double
    /// Median over the rounds; nil where it could not be timed.
    public var measuredNanosecondsPerToken: Double?
    public var rounds: Int
    /// The reason why it could not be timed.
    public var reason: String?
  }

  /// The fastest strategy of those measured.
  public var strategy: Strategy
  /// The candidates by rising estimate.
  public var candidates: [Candidate]
  /// The number of candidates before pruning.
  public var considered: Int
}

extension [any Network] {
  /// The network with `strategy`.
  func first(by strategy: Tuning.Strategy) -> (any Network)? { first { $0.strategyValues == strategy } }
}
