/// Least recently used: entries are in the order of their last use, latest first.
///
/// It takes any number of ways; `PackedLRUPolicy` is the same policy, faster, for up to 16.
enum LRUPolicy: ReplacementPolicy {
  static var repeatedUseChangesNothing: Bool { true }

  static func stateBytes(ways: Int) -> Int { 0 }

  @inline(__always)
  static func use(_ set: CacheSet, way: Int) -> Int {
    let used = set.entries[way]
    var position = way
    while position > 0 {
      set.entries[position] = set.entries[position &- 1]
      position &-= 1
    }
    set.entries[0] = used
    return 0
  }

  @inline(__always)
  static func insert(_ entry: CacheEntry, into set: CacheSet) -> CacheEntry { set.insertFirst(entry) }

  static func remove(_ set: CacheSet, way: Int) { set.removeClosingGap(way) }
}
