import Kernels

/// What the autotuner chose for a pass, and from what.
public struct Tuning: Codable, Equatable, Sendable {
  /// One of the candidates that were left to be timed.
  public struct Candidate: Codable, Equatable, Sendable {
    public var strategy: LookupStrategy
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
  public var strategy: LookupStrategy
  /// By rising estimate.
  public var candidates: [Candidate]
  /// Candidates before pruning.
  public var considered: Int
}
