import Kernels

/// Runs a pass by one strategy or another and says what it took: the real kernel, or a test's own.
protocol StrategyTimer: AnyObject {
  /// Makes `candidates` ready to be timed in turns; returns why for those that cannot be, by their place.
  func prepare(_ candidates: [any Network]) throws -> [Int: String]
  /// One pass by the candidate at a place, in nanoseconds per token.
  func nanosecondsPerToken(_ place: Int) throws -> Double
}
