import Kernels

/// Times a pass by one strategy or another, with the real kernel or a test's own.
protocol StrategyTimer: AnyObject {
  /// Prepares `candidates` to be timed in turns; returns the reasons for those that cannot be, by their place.
  func prepare(_ candidates: [any Network]) throws -> [Int: String]
  /// Runs one pass of the candidate at `place` and returns its time in nanoseconds per token.
  func nanosecondsPerToken(_ place: Int) throws -> Double
}
