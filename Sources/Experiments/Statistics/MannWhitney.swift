import Foundation

/// The rank test of Mann and Whitney (1947), whether values of one sample tend to be larger than those of another.
///
/// It assumes independent values within a sample and nothing about their distribution.
public struct MannWhitney: Equatable, Sendable {
  /// The number of pairs (x, y) with x > y; ties count one half.
  public let u: Double
  /// The two-sided p-value, under the hypothesis that both samples come from one distribution.
  public let pValue: Double
  /// (pairs x > y - pairs x < y) / all pairs, from -1 (every x below every y) to 1; 0 for equal samples (Cliff 1993).
  public let cliffsDelta: Double

  /// Probability that a value of x exceeds one of y, ties counting half: the common-language effect size (McGraw and Wong 1992;
  /// with ties Vargha and Delaney 2000).
  public var probabilityOfSuperiority: Double { (cliffsDelta + 1) / 2 }

  /// Nil where a sample is empty.
  public init?(_ x: [Double], _ y: [Double]) {
    guard !x.isEmpty, !y.isEmpty else { return nil }
    let (n, m) = (x.count, y.count)
    var pooled: [(value: Double, isX: Bool)] = x.map { ($0, true) }
    pooled += y.map { ($0, false) }
    pooled.sort { $0.value < $1.value }
    var rankSum = 0.0
    var tieTerm = 0.0
    var start = 0
    while start < pooled.count {
      var end = start
      while end < pooled.count, pooled[end].value == pooled[start].value { end += 1 }
      let ties = end - start
      // Ranks start + 1 ... end, shared at their mean.
      let own = pooled[start..<end].filter { $0.isX }.count
      rankSum += Double(own) * Double(start + 1 + end) / 2
      tieTerm += Double(ties * ties * ties - ties)
      start = end
    }
    u = rankSum - Double(n * (n + 1)) / 2
    cliffsDelta = 2 * u / Double(n * m) - 1
    if tieTerm == 0, n * m <= Self.exactPairs {
      let counts = UDistribution(n, m)
      pValue = min(1, 2 * counts.probability(atMost: Int(min(u, Double(n * m) - u))))
    } else {
      pValue = Self.normalPValue(u: u, n: n, m: m, tieTerm: tieTerm)
    }
  }

  /// Up to 20 x 20 values the exact distribution is counted, in well under a millisecond; beyond that the normal
  /// approximation has three correct digits.
  static let exactPairs = 400

  /// The normal approximation with correction for ties and for continuity (Lehmann, Nonparametrics, 1975, eq. 1.36).
  private static func normalPValue(u: Double, n: Int, m: Int, tieTerm: Double) -> Double {
    let pairs = Double(n * m)
    let all = Double(n + m)
    let ties: Double = tieTerm / (all * max(all - 1, 1))
    let variance: Double = pairs / 12 * (all + 1 - ties)
    guard variance > 0 else { return 1 }
    let z = max(0, abs(u - pairs / 2) - 0.5) / variance.squareRoot()
    return min(1, erfc(z / 2.0.squareRoot()))
  }
}

/// The distribution of U for samples of n and m values without ties, under the hypothesis of one distribution.
struct UDistribution {
  /// Cumulative probability of 0, 1, ... n m.
  private let cumulative: [Double]

  /// Counts the ways to choose n of n + m ranks by their sum, rank by rank: O((n + m) n^2 m).
  init(_ n: Int, _ m: Int) {
    let most = n * m
    // ways[k][s]: choices of k ranks so far whose U is s; as shares of all choices, so that large samples do not overflow.
    var ways = [[Double]](repeating: [Double](repeating: 0, count: most + 1), count: n + 1)
    ways[0][0] = 1
    for rank in 0..<(n + m) {
      for k in stride(from: min(rank + 1, n), to: 0, by: -1) {
        // The k-th smallest chosen rank, 0-based, exceeds rank - (k - 1) values of the other sample.
        let gain = rank - (k - 1)
        guard gain <= m else { continue }
        for s in stride(from: most, through: gain, by: -1) { ways[k][s] += ways[k - 1][s - gain] }
      }
    }
    let total = ways[n].reduce(0, +)
    var sum = 0.0
    cumulative = ways[n].map { count in
      sum += count
      return sum / total
    }
  }

  func probability(atMost u: Int) -> Double { u < 0 ? 0 : cumulative[min(u, cumulative.count - 1)] }

  /// The largest u with P(U < u) <= `tail`; 0 where even U = 0 is more likely than that.
  func lowerQuantile(_ tail: Double) -> Int { cumulative.firstIndex { $0 > tail } ?? cumulative.count - 1 }
}
