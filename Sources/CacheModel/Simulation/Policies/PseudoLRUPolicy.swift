/// Tree pseudo-LRU: a binary tree over the ways whose every node points away from the half used last.
///
/// Node 1 is the root, node n has children 2n and 2n + 1, and a set bit n points to the right half. A number of ways that
/// is no power of two uses the next larger tree; a node whose right half holds no way always leads to the left.
enum PseudoLRUPolicy: ReplacementPolicy {
  static var repeatedUseChangesNothing: Bool { true }
  static func stateBytes(ways: Int) -> Int { MemoryLayout<UInt64>.size }

  @inline(__always)
  static func use(_ set: CacheSet, way: Int) -> Int {
    var tree = load(set)
    var node = 1
    var first = 0
    var half = leaves(set.ways) / 2
    while half > 0 {
      let isRight = way >= first + half
      // Point away from the half just used.
      if isRight { tree &= ~(1 << UInt64(node)) } else { tree |= 1 << UInt64(node) }
      if isRight { first += half }
      node = 2 * node + (isRight ? 1 : 0)
      half /= 2
    }
    store(tree, set)
    return way
  }

  @inline(__always)
  static func insert(_ entry: CacheEntry, into set: CacheSet) -> CacheEntry {
    let way = set.firstEmptyWay() ?? victim(set)
    let displaced = set.entries[way]
    set.entries[way] = entry
    _ = use(set, way: way)
    return displaced
  }

  static func remove(_ set: CacheSet, way: Int) {
    set.entries[way] = .empty
  }

  private static func victim(_ set: CacheSet) -> Int {
    let tree = load(set)
    var node = 1
    var first = 0
    var half = leaves(set.ways) / 2
    while half > 0 {
      let isRight = tree >> UInt64(node) & 1 == 1 && first + half < set.ways
      if isRight { first += half }
      node = 2 * node + (isRight ? 1 : 0)
      half /= 2
    }
    return first
  }

  /// The smallest power of two that is at least `ways`.
  @inline(__always)
  private static func leaves(_ ways: Int) -> Int {
    ways <= 1 ? 1 : 1 << (Int.bitWidth - (ways - 1).leadingZeroBitCount)
  }

  @inline(__always)
  private static func load(_ set: CacheSet) -> UInt64 {
    UnsafeRawPointer(set.state).loadUnaligned(as: UInt64.self)
  }

  @inline(__always)
  private static func store(_ tree: UInt64, _ set: CacheSet) {
    UnsafeMutableRawPointer(set.state).storeBytes(of: tree, as: UInt64.self)
  }
}
