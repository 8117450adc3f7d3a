/// Accesses of a loop nest that come again after one loop has run round: they hit in a cache that holds what passed in
/// between, and miss in a smaller one (layer conditions: Rivera and Tseng, SC 2000; Hammer et al., "Kerncraft", 2017).
///
/// A list of them is a reuse profile in closed form, for a fully associative LRU cache of any size.
public struct LayerCondition: Equatable, Sendable {
  public var operand: String
  /// Accesses in lines.
  public var accesses: Double
  /// Distinct bytes since the last access to the same line; infinite for a first access.
  public var reuseBytes: Double

  public init(operand: String, accesses: Double, reuseBytes: Double) {
    self.operand = operand
    self.accesses = accesses
    self.reuseBytes = reuseBytes
  }
}

extension Sequence<LayerCondition> {
  /// Lines fetched into a fully associative LRU cache of `cacheBytes`.
  public func linesFetched(cacheBytes: Double) -> Double {
    reduce(0) { $1.reuseBytes < cacheBytes ? $0 : $0 + $1.accesses }
  }
}
