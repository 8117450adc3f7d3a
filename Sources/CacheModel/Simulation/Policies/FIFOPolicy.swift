/// First in, first out: entries are in the order of their arrival, latest first; use does not change it.
enum FIFOPolicy: ReplacementPolicy {
  static var repeatedUseChangesNothing: Bool { true }

  static func stateBytes(ways: Int) -> Int { 0 }

  @inline(__always)
  static func use(_ set: CacheSet, way: Int) -> Int { way }

  @inline(__always)
  static func insert(_ entry: CacheEntry, into set: CacheSet) -> CacheEntry { set.insertFirst(entry) }

  static func remove(_ set: CacheSet, way: Int) { set.removeClosingGap(way) }
}
