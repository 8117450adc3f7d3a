/// The shift between two samples: the median of all differences x - y, with the interval that belongs to the
/// Mann-Whitney test (Hodges and Lehmann 1963; Hollander and Wolfe, Nonparametric Statistical Methods, 1999, section
/// 4.3).
public struct HodgesLehmann: Equatable, Sendable {
  public let shift: Double
  /// The 95 % interval from order statistics of the differences; nil for samples so small that not even the extremes
  /// cover 95 %.
  public let interval: ClosedRange<Double>?

  /// Nil where a sample is empty.
  ///
  /// - Complexity: O(n m log(n m)) for samples of n and m values, since all differences are formed and sorted.
  public init?(_ x: [Double], _ y: [Double]) {
    guard !x.isEmpty, !y.isEmpty else { return nil }
    let differences = x.flatMap { x in y.map { x - $0 } }.sorted()
    shift = quantile(differences, 0.5)
    let pairs = differences.count
    let rank: Int
    if pairs <= MannWhitney.exactPairs {
      rank = UDistribution(x.count, y.count).lowerQuantile(Self.tail)
    } else {
      let deviation = (Double(pairs) * Double(x.count + y.count + 1) / 12).squareRoot()
      // 1.96: the 97.5 % quantile of the normal distribution.
      rank = Int(Double(pairs) / 2 - 1.96 * deviation)
    }
    // The rank-th smallest and rank-th largest difference.
    interval = rank >= 1 ? differences[rank - 1]...differences[pairs - rank] : nil
  }

  /// Two-sided 95 %: 2.5 % below, 2.5 % above.
  private static let tail = 0.025
}
