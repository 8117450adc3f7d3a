import Foundation

/// The chance that a set-associative LRU cache misses where a fully associative one knows the stack distance.
///
/// Of the D distinct lines since the last access, each falls into the line's own set with probability 1/S, so the line is
/// gone if at least A of them did: P(miss | D) = P(Binomial(D, 1/S) >= A) (Smith, "A comparative study of set associative
/// memory mapping algorithms", IEEE TSE 4(2), 1978; Hill and Smith, IEEE ToC 38(12), 1989). It takes lines to fall into
/// sets at random. Contiguous arrays fill sets evenly, and then a fully associative cache is the better guess; strides of
/// a power of two fill few, and then only the exact simulator knows.
public struct SetAssociativity: Equatable, Sendable {
  public var sets: Int
  public var ways: Int

  public init(sets: Int, ways: Int) {
    self.sets = sets
    self.ways = ways
  }

  public init(_ cache: CacheDescription) {
    self.init(sets: cache.sets, ways: cache.ways)
  }

  /// P(Binomial(distance, 1 / sets) >= ways). O(ways).
  public func missProbability(distance: Int) -> Double {
    if distance < ways { return 0 }
    if sets == 1 { return 1 }
    let p = 1 / Double(sets)
    // Sum of the terms below `ways`, each from the one before it.
    var term = exp(Double(distance) * log1p(-p))
    // The first term underflows where about 700 others are expected in the set: far more than ways.
    if term == 0 { return 1 }
    var below = term
    for k in 1..<max(ways, 1) {
      term *= Double(distance - k + 1) / Double(k) * p / (1 - p)
      below += term
    }
    return max(0, 1 - below)
  }
}
