import Kernels

/// Runs a pass by one strategy or another and says what it took: the real kernel, or a test's own.
protocol StrategyTimer: AnyObject {
  /// Makes `strategies` ready to be timed in turns; returns why for those that cannot be.
  func prepare(_ strategies: [LookupStrategy]) throws -> [LookupStrategy: String]
  /// One pass by a strategy that is ready, in nanoseconds per token.
  func nanosecondsPerToken(_ strategy: LookupStrategy) throws -> Double
}
