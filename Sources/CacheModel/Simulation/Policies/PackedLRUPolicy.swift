import CSetSearch

/// Least recently used for up to 16 ways, several times faster than moving entries, because lines stay in their way.
///
/// A set's state has two parts. The order of the ways by last use, latest first, is sixteen 4-bit way numbers in one
/// 64-bit word, so a use or a displacement takes a few shifts. A byte of hash per way lets a look-up compare all ways
/// at once and read no entry on most misses. `LRUPolicy` is the same policy for any number of ways.
enum PackedLRUPolicy: ReplacementPolicy {
  static var mostWays: Int { 16 }
  static var repeatedUseChangesNothing: Bool { true }
  private static let bitsPerWay = 4
  /// The order 0, 1, 2, ... The word is stored as its difference (exclusive or) from it, because state begins as zero.
  private static let identity: UInt64 = 0xFEDC_BA98_7654_3210
  private static let fingerprintOffset = 8
  private static let lowNibbles: UInt64 = 0x1111_1111_1111_1111
  private static let highNibbles: UInt64 = 0x8888_8888_8888_8888

  /// The order, one byte for each of 16 ways, and 8 bytes of padding, so that no set's state spans two cache lines.
  static func stateBytes(ways: Int) -> Int { 32 }

  @inline(__always)
  static func find(_ line: UInt64, in set: CacheSet) -> Int? {
    let wanted = CacheEntry(line: line, isDirty: false)
    // A fingerprint may match another line, or a way beyond the set's last, so each match is checked against its
    // entry.
    var candidates = bytes_equal(set.state + fingerprintOffset, fingerprint(line)) & (1 &<< UInt32(set.ways) &- 1)
    while candidates != 0 {
      let way = Int(truncatingIfNeeded: candidates.trailingZeroBitCount)
      if set.entries[way].isSameLine(as: wanted) { return way }
      candidates &= candidates &- 1
    }
    return nil
  }

  /// Whether `line` was used last, and not only prefetched: then another use changes nothing.
  @inline(__always)
  static func isPlainHit(_ line: UInt64, in set: CacheSet) -> Bool {
    set.entries[Int(truncatingIfNeeded: load(set) & 15)].isUsedLine(line)
  }

  @inline(__always)
  static func use(_ set: CacheSet, way: Int) -> Int {
    let order = load(set)
    let shift = UInt64(position(of: way, in: order) &* bitsPerWay)
    let before = order & ((1 &<< shift) &- 1)
    let after = order & ~((16 &<< shift) &- 1)
    store(after | before &<< 4 | UInt64(way), set)
    return way
  }

  /// The last way in the order holds the line used longest ago, or is empty: unused and emptied ways lie there.
  @inline(__always)
  static func insert(_ entry: CacheEntry, into set: CacheSet) -> CacheEntry {
    let order = load(set)
    let shift = UInt64((set.ways &- 1) &* bitsPerWay)
    let way = Int(truncatingIfNeeded: order &>> shift & 15)
    store((order & ((1 &<< shift) &- 1)) &<< 4 | UInt64(way), set)
    let displaced = set.entries[way]
    set.entries[way] = entry
    set.state[fingerprintOffset &+ way] = fingerprint(entry.line)
    return displaced
  }

  /// Moves the emptied way to the end of the order.
  static func remove(_ set: CacheSet, way: Int) {
    let order = load(set)
    let shift = UInt64(position(of: way, in: order) &* bitsPerWay)
    let last = UInt64((set.ways - 1) * bitsPerWay)
    let before = order & ((1 << shift) - 1)
    // Shifts by 64 give zero here (the smart shift), as they must when the way is the sixteenth.
    let after = (order >> (shift + 4)) << shift
    store((before | after) & ((1 << last) - 1) | UInt64(way) << last, set)
    set.entries[way] = .empty
  }

  /// The position of `way` in the order: the lowest zero nibble of the difference. Nibbles beyond the ways are not
  /// used.
  @inline(__always)
  private static func position(of way: Int, in order: UInt64) -> Int {
    let word = order ^ UInt64(way) &* lowNibbles
    return ((word &- lowNibbles) & ~word & highNibbles).trailingZeroBitCount >> 2
  }

  /// Eight well-mixed bits of a line's number: the top of its product with 2^64 / golden ratio (Fibonacci hashing).
  @inline(__always)
  private static func fingerprint(_ line: UInt64) -> UInt8 {
    UInt8(truncatingIfNeeded: (line &* 0x9E37_79B9_7F4A_7C15) &>> 56)
  }

  @inline(__always)
  private static func load(_ set: CacheSet) -> UInt64 {
    UnsafeRawPointer(set.state).loadUnaligned(as: UInt64.self) ^ identity
  }

  @inline(__always)
  private static func store(_ order: UInt64, _ set: CacheSet) {
    UnsafeMutableRawPointer(set.state).storeBytes(of: order ^ identity, as: UInt64.self)
  }
}
