/// The policy that each set names, for all hierarchies except those with LRU of up to 16 ways in every level, which
/// are compiled for `PackedLRUPolicy` alone.
enum MixedPolicy: ReplacementPolicy {
  // `PolicyChoice` answers these for each set's own policy.
  static func stateBytes(ways: Int) -> Int { 0 }

  @inline(__always)
  static func isPlainHit(_ line: UInt64, in set: CacheSet) -> Bool { set.policy.visit(PlainHit(line: line, set: set)) }

  @inline(__always)
  static func find(_ line: UInt64, in set: CacheSet) -> Int? { set.policy.visit(Find(line: line, set: set)) }

  @inline(__always)
  static func use(_ set: CacheSet, way: Int) -> Int { set.policy.visit(Use(set: set, way: way)) }

  @inline(__always)
  static func insert(_ entry: CacheEntry, into set: CacheSet) -> CacheEntry {
    set.policy.visit(Insert(entry: entry, set: set))
  }

  static func remove(_ set: CacheSet, way: Int) { set.policy.visit(Remove(set: set, way: way)) }
}

private struct PlainHit: PolicyVisitor {
  let line: UInt64
  let set: CacheSet

  @inline(__always)
  func visit<Policy: ReplacementPolicy>(_: Policy.Type) -> Bool { Policy.isPlainHit(line, in: set) }
}

private struct Find: PolicyVisitor {
  let line: UInt64
  let set: CacheSet

  @inline(__always)
  func visit<Policy: ReplacementPolicy>(_: Policy.Type) -> Int? { Policy.find(line, in: set) }
}

private struct Use: PolicyVisitor {
  let set: CacheSet
  let way: Int

  @inline(__always)
  func visit<Policy: ReplacementPolicy>(_: Policy.Type) -> Int { Policy.use(set, way: way) }
}

private struct Insert: PolicyVisitor {
  let entry: CacheEntry
  let set: CacheSet

  @inline(__always)
  func visit<Policy: ReplacementPolicy>(_: Policy.Type) -> CacheEntry { Policy.insert(entry, into: set) }
}

private struct Remove: PolicyVisitor {
  let set: CacheSet
  let way: Int

  @inline(__always)
  func visit<Policy: ReplacementPolicy>(_: Policy.Type) { Policy.remove(set, way: way) }
}
