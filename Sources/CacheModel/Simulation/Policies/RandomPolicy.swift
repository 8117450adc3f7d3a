/// Random replacement: every line of a full set is displaced with the same probability, whether used or not.
///
/// The choice is a hash of the new line and of the number of displacements in the set so far, so that a simulation
/// gives the same counts every time it runs.
enum RandomPolicy: ReplacementPolicy {
  static var repeatedUseChangesNothing: Bool { true }

  /// The number of displacements, modulo 2^16.
  static func stateBytes(ways: Int) -> Int { 2 }

  @inline(__always)
  static func use(_ set: CacheSet, way: Int) -> Int { way }

  @inline(__always)
  static func insert(_ entry: CacheEntry, into set: CacheSet) -> CacheEntry {
    let way = set.firstEmptyWay() ?? draw(entry.line, set)
    let displaced = set.entries[way]
    set.entries[way] = entry
    return displaced
  }

  static func remove(_ set: CacheSet, way: Int) {
    set.entries[way] = .empty
  }

  /// A way, by the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
  private static func draw(_ line: UInt64, _ set: CacheSet) -> Int {
    let draws = UInt64(set.state[0]) | UInt64(set.state[1]) &<< 8
    set.state[0] = UInt8(truncatingIfNeeded: draws &+ 1)
    set.state[1] = UInt8(truncatingIfNeeded: (draws &+ 1) &>> 8)
    var z = (line &<< 16 | draws) &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ z &>> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z &>> 27) &* 0x94D0_49BB_1331_11EB
    z ^= z &>> 31
    return Int(truncatingIfNeeded: ((z &>> 32) &* UInt64(set.ways)) &>> 32)
  }
}
