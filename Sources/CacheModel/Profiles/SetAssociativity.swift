import Foundation

/// The probability that a set-associative LRU cache misses an access of known stack distance D: that at least as many
/// of the D distinct lines since the last access as there are ways fell into the line's own set.
///
/// - **Scattered** lines fall into sets at random: P(miss | D) = P(Binomial(D, 1/S) >= A) (Smith, "A comparative study of
///   set associative memory mapping algorithms", IEEE TSE 4(2), 1978; Hill and Smith, IEEE ToC 38(12), 1989).
/// - **Contiguous** arrays spread their N lines evenly, about N/S to a set, and D of them are drawn without replacement:
///   P(Hypergeometric(N - 1, N/S - 1, D) >= A). Tables, weights and activations are contiguous.
///
/// Both assume a random order of accesses. A sequential walk over a contiguous array misses less and strides of a
/// power of two miss more; only the exact simulator knows those.
public struct SetAssociativity: Equatable, Sendable {
  public var sets: Int
  public var ways: Int
  /// Distinct lines of the whole stream, if they are contiguous; nil where they are scattered.
  public var contiguousLines: Int?

  public init(sets: Int, ways: Int, contiguousLines: Int? = nil) {
    self.sets = sets
    self.ways = ways
    self.contiguousLines = contiguousLines
  }

  /// O(ways).
  public func missProbability(distance: Int) -> Double {
    if distance < ways { return 0 }
    if sets == 1 { return 1 }
    guard let contiguousLines else { return binomial(distance) }
    let lines = max(contiguousLines, distance + 1)
    // `fuller` of the sets have one line more than the others.
    let (few, fuller) = lines.quotientAndRemainder(dividingBy: sets)
    let inFuller = Double(fuller) * Double(few + 1) / Double(lines)
    let logDraws = logChoose(lines - 1, distance)
    func evicted(inSet: Int) -> Double { hypergeometric(distance, others: lines - 1, inSet: inSet, logDraws: logDraws) }
    let ofOthers = (1 - inFuller) * evicted(inSet: max(0, few - 1))
    return fuller == 0 ? ofOthers : inFuller * evicted(inSet: few) + ofOthers
  }

  private func binomial(_ distance: Int) -> Double {
    let p = 1 / Double(sets)
    // Sum of the terms below `ways`, each from the one before it.
    var term = exp(Double(distance) * log1p(-p))
    // The first term underflows where about 700 other lines are expected in the set, which is far more than the ways.
    if term == 0 { return 1 }
    var below = term
    for k in 1..<max(ways, 1) {
      term *= Double(distance - k + 1) / Double(k) * p / (1 - p)
      below += term
    }
    return max(0, 1 - below)
  }

  /// P(at least `ways` of `drawn` of the `others` are among the `inSet`), with the logarithm of the number of such draws.
  private func hypergeometric(_ drawn: Int, others: Int, inSet: Int, logDraws: Double) -> Double {
    if inSet < ways { return 0 }
    let outside = others - inSet
    var k = max(0, drawn - outside)
    if k >= ways { return 1 }
    // Choosing none has probability 1, and most distances begin with that; the logarithms of factorials take most of
    // the time.
    let logWithin = k == 0 ? 0 : logChoose(inSet, k)
    var term = exp(logWithin + logChoose(outside, drawn - k) - logDraws)
    var below = term
    while k + 1 < ways {
      term *= Double(inSet - k) * Double(drawn - k) / (Double(k + 1) * Double(outside - drawn + k + 1))
      k += 1
      below += term
    }
    return min(1, max(0, 1 - below))
  }

  private func logChoose(_ n: Int, _ k: Int) -> Double {
    lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
  }
}
