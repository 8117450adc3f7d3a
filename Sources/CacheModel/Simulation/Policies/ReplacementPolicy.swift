/// Which line of a set goes when another must come in: one policy a file, all static, so that the simulator's inner loop
/// calls them directly and inlines them.
///
/// The contract between the simulator and a policy:
/// - A policy owns the order of a set's entries and its state bytes; nobody else moves an entry. All-zero state and
///   all-empty entries are a policy's initial state.
/// - `use` follows every hit by a load, a store or a write-back, exactly once, and returns the way in which the line lies
///   afterwards.
/// - `insert` follows every miss that allocates, after the line has been fetched from below. The line is not in the set.
///   An empty way is taken before any line is displaced. It includes the new line's first use: no `use` follows it.
/// - `remove` follows an invalidation (inclusion, a victim cache's hit, a non-temporal store) and leaves an empty way.
protocol ReplacementPolicy {
  /// The most ways that the policy can order.
  static var mostWays: Int { get }
  /// Whether a second use of the line used or inserted last changes nothing, so that the simulator may merge such uses.
  static var repeatedUseChangesNothing: Bool { get }
  /// State bytes that a set of `ways` needs.
  static func stateBytes(ways: Int) -> Int
  /// Whether a read of `line` is a hit that changes nothing. May be false although it is: a short cut, not an answer.
  static func isPlainHit(_ line: UInt64, in set: CacheSet) -> Bool
  /// The way that holds `line`, or nil.
  static func find(_ line: UInt64, in set: CacheSet) -> Int?
  /// The line in `way` has been used.
  static func use(_ set: CacheSet, way: Int) -> Int
  /// Puts `entry` into the set and returns what it displaced: an empty entry if there was room.
  static func insert(_ entry: CacheEntry, into set: CacheSet) -> CacheEntry
  /// Takes the line in `way` out.
  static func remove(_ set: CacheSet, way: Int)
}

extension ReplacementPolicy {
  static var mostWays: Int { .max }
  // The answer that is never wrong: merging uses is a short cut.
  static var repeatedUseChangesNothing: Bool { false }

  @inline(__always)
  static func isPlainHit(_ line: UInt64, in set: CacheSet) -> Bool { false }

  @inline(__always)
  static func find(_ line: UInt64, in set: CacheSet) -> Int? { set.find(line) }
}
