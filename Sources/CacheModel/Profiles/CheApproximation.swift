import Foundation

/// The hit ratio of an LRU cache under independent references, in closed form.
///
/// An item of popularity q is in the cache if it was asked for within the characteristic time t of the cache:
/// h = 1 - exp(-q t), where t is such that the expected number of items held is the capacity, sum (1 - exp(-q t)) = C (Che,
/// Tung and Wang, IEEE JSAC 20(7), 2002; why it is accurate for any popularities: Fricker, Robert and Roberts, ITC 24,
/// arXiv 1202.3974). Look-up rows chosen by a hash are close to independent references; neighbouring tokens of a text
/// are alike, which makes the true hit ratio a little higher.
public struct CheApproximation: Sendable {
  /// Items of equal popularity.
  private struct Class: Sendable {
    /// Probability that a reference is to a given one of them.
    var popularity: Double
    var items: Double
  }

  private let classes: [Class]

  /// From how often each item is asked for, in any unit; items that never are do not matter.
  public init(weights: some Sequence<Double>) {
    var items: [Double: Double] = [:]
    var total = 0.0
    for weight in weights where weight > 0 {
      items[weight, default: 0] += 1
      total += weight
    }
    classes = items.map { Class(popularity: $0.key / total, items: $0.value) }
  }

  /// From a histogram of recorded codes.
  public init(counts: some Sequence<Int>) {
    self.init(weights: counts.map(Double.init))
  }

  /// `items` items, all equally popular.
  public static func uniform(items: Int) -> CheApproximation {
    CheApproximation(weights: repeatElement(1, count: items))
  }

  /// Item k of `items`, from 1, with popularity proportional to k^-exponent.
  public static func zipf(items: Int, exponent: Double) -> CheApproximation {
    CheApproximation(weights: (1...max(items, 1)).map { pow(Double($0), -exponent) })
  }

  /// References between which an item must come again to be found in a cache of `capacity` items; nil if all fit.
  public func characteristicTime(capacity: Double) -> Double? {
    let items = classes.reduce(0) { $0 + $1.items }
    guard capacity < items else { return nil }
    func held(_ time: Double) -> Double { classes.reduce(0) { $0 - $1.items * expm1(-$1.popularity * time) } }
    var (low, high) = (0.0, max(1, capacity))
    while held(high) < capacity { high *= 2 }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if held(middle) < capacity { low = middle } else { high = middle }
    }
    return high
  }

  /// The share of references that miss in a cache of `capacity` items.
  public func missRatio(capacity: Double) -> Double {
    guard capacity > 0 else { return classes.isEmpty ? 0 : 1 }
    guard let time = characteristicTime(capacity: capacity) else { return 0 }
    return classes.reduce(0) { $0 + $1.items * $1.popularity * exp(-$1.popularity * time) }
  }
}
