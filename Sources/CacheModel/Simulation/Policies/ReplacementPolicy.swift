/// A replacement policy: which line of a set is displaced by a new one. Each policy has a file of its own, and all
/// members are static, so that the simulator's inner loop calls and inlines them.
///
/// The contract between the simulator and a policy:
/// - A policy owns the order of a set's entries and its state bytes; no other code moves an entry. All-zero state and
///   all-empty entries are a policy's initial state.
/// - `use` follows every hit by a load, a store or a write-back, exactly once, and returns the way in which the line lies
///   afterwards.
/// - `insert` follows every miss that allocates, after the line has been fetched from below. The line is not in the set.
///   An empty way is taken before any line is displaced. It includes the new line's first use: no `use` follows it.
/// - `remove` follows an invalidation (inclusion, a victim cache's hit, a non-temporal store) and leaves an empty way.
protocol ReplacementPolicy {
  /// The most ways that the policy can order.
  static var mostWays: Int { get }
  /// Whether repeating the last use or insertion changes nothing, so that the simulator may merge such uses.
  static var repeatedUseChangesNothing: Bool { get }
  /// State bytes that a set of `ways` needs.
  static func stateBytes(ways: Int) -> Int
  /// Whether a read of `line` is a hit that changes nothing. It may return false for such a hit: it is only a fast
  /// path.
  static func isPlainHit(_ line: UInt64, in set: CacheSet) -> Bool
  /// The way that holds `line`, or nil.
  static func find(_ line: UInt64, in set: CacheSet) -> Int?
  /// Records a use of the line in `way`. Returns the way that holds the line afterwards.
  static func use(_ set: CacheSet, way: Int) -> Int
  /// Inserts `entry` into the set and returns the entry that it displaced, which is empty if there was room.
  static func insert(_ entry: CacheEntry, into set: CacheSet) -> CacheEntry
  /// Removes the line in `way`.
  static func remove(_ set: CacheSet, way: Int)
}

extension ReplacementPolicy {
  static var mostWays: Int { .max }
  // False is always correct, because merging uses is only a fast path.
  static var repeatedUseChangesNothing: Bool { false }

  @inline(__always)
  static func isPlainHit(_ line: UInt64, in set: CacheSet) -> Bool { false }

  @inline(__always)
  static func find(_ line: UInt64, in set: CacheSet) -> Int? { set.find(line) }
}
