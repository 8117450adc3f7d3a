import Foundation

/// A nonparametric confidence interval of a median, from two order statistics.
public struct MedianInterval: Equatable, Sendable {
  public var low: Double
  public var high: Double

  /// The narrowest symmetric pair of order statistics of `sorted` (ascending) that covers the median with a
  /// probability of at least 95 %; nil for fewer than 6 samples, where no pair does.
  ///
  /// The number of samples below the median is binomial (n, 1/2), so that the l-th smallest and l-th largest enclose it
  /// with probability 1 - 2 P(X < l) (Le Boudec, Performance Evaluation, 2010, theorem 2.1).
  public init?(sorted: [Double]) {
    guard let rank = Self.rank(count: sorted.count) else { return nil }
    low = sorted[rank - 1]
    high = sorted[sorted.count - rank]
  }

  public init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }

  /// Half the width of the interval, relative to `median`; nil unless the median is positive.
  public func relativeHalfWidth(about median: Double) -> Double? {
    median > 0 ? (high - low) / 2 / median : nil
  }

  /// Two-sided 95 %: 2.5 % below, 2.5 % above.
  private static let tail = 0.025
  /// Above this number of samples the normal approximation gives the same rank to within one, in constant time.
  private static let exactLimit = 1000

  /// The largest l with P(Binomial(n, 1/2) < l) <= 2.5 %, 1-based; nil where even l = 1 covers less than 95 %.
  static func rank(count n: Int) -> Int? {
    if n > exactLimit {
      // 1.96: the 97.5 % quantile of the normal distribution (Le Boudec, eq. 2.3).
      return Int((Double(n) - 1.96 * Double(n).squareRoot()) / 2)
    }
    var probability = exp2(-Double(n))
    var below = 0.0
    var rank = 0
    // `probability` is P(X = rank); 2^-1000 is still a normal number, so the recurrence loses nothing.
    while rank < n, below + probability <= tail {
      below += probability
      probability *= Double(n - rank) / Double(rank + 1)
      rank += 1
    }
    return rank >= 1 ? rank : nil
  }
}
