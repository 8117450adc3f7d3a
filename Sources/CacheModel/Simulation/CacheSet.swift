/// The contents of one way of a set: a line's number, and whether it is valid, dirty, or prefetched and not used
/// since. Zero bits are an empty way.
struct CacheEntry: Equatable {
  private static let valid: UInt64 = 1
  private static let dirty: UInt64 = 2
  private static let prefetched: UInt64 = 4
  // A line number has at most 61 bits (addresses of 64, lines of at least 8 bytes), so three are free for the flags.
  private static let flagBits: UInt64 = 3

  private var bits: UInt64

  static let empty = CacheEntry(bits: 0)

  private init(bits: UInt64) {
    self.bits = bits
  }

  @inline(__always)
  init(line: UInt64, isDirty: Bool, isPrefetched: Bool = false) {
    bits =
      line &<< CacheEntry.flagBits | CacheEntry.valid | (isDirty ? CacheEntry.dirty : 0)
      | (isPrefetched ? CacheEntry.prefetched : 0)
  }

  /// Whether this is a valid, clean line, which can be dropped without a write-back.
  @inline(__always) var isCleanLine: Bool { bits & (CacheEntry.valid | CacheEntry.dirty) == CacheEntry.valid }
  @inline(__always) var isValid: Bool { bits & CacheEntry.valid != 0 }
  @inline(__always) var isDirty: Bool { bits & CacheEntry.dirty != 0 }
  @inline(__always) var isPrefetched: Bool { bits & CacheEntry.prefetched != 0 }
  @inline(__always) var line: UInt64 { bits &>> CacheEntry.flagBits }

  @inline(__always)
  mutating func markDirty() {
    bits |= CacheEntry.dirty
  }

  /// Marks the line as used: it no longer counts as a prefetch that has not been used.
  @inline(__always)
  mutating func markUsed() {
    bits &= ~CacheEntry.prefetched
  }

  /// Whether both hold the same line, whatever their flags. This is a single comparison, because it is in the
  /// simulator's inner loop.
  @inline(__always)
  func isSameLine(as other: CacheEntry) -> Bool {
    (bits ^ other.bits) & ~(CacheEntry.dirty | CacheEntry.prefetched) == 0
  }

  /// Whether this is `line`, clean or dirty, and not an unused prefetch.
  @inline(__always)
  func isUsedLine(_ line: UInt64) -> Bool {
    bits & ~CacheEntry.dirty == line &<< CacheEntry.flagBits | CacheEntry.valid
  }
}

/// One set of a cache: `ways` entries and the state bytes of its replacement policy.
struct CacheSet {
  let entries: UnsafeMutablePointer<CacheEntry>
  let state: UnsafeMutablePointer<UInt8>
  let ways: Int
  /// Which policy orders the set, for hierarchies that mix several.
  let policy: PolicyChoice

  /// The way that holds `line`, or nil.
  @inline(__always)
  func find(_ line: UInt64) -> Int? {
    let wanted = CacheEntry(line: line, isDirty: false)
    var way = 0
    while way < ways {
      if entries[way].isSameLine(as: wanted) { return way }
      way &+= 1
    }
    return nil
  }

  /// The first empty way, or nil.
  @inline(__always)
  func firstEmptyWay() -> Int? {
    var way = 0
    while way < ways {
      if !entries[way].isValid { return way }
      way &+= 1
    }
    return nil
  }

  /// Inserts `entry` before all others and returns the last entry, which is displaced; it is empty while there is
  /// room.
  @inline(__always)
  func insertFirst(_ entry: CacheEntry) -> CacheEntry {
    let displaced = entries[ways &- 1]
    var position = ways &- 1
    while position > 0 {
      entries[position] = entries[position &- 1]
      position &-= 1
    }
    entries[0] = entry
    return displaced
  }

  /// Removes the entry in `way` and closes the gap, so that the empty ways are always the last ones, as `insertFirst`
  /// requires.
  func removeClosingGap(_ way: Int) {
    var position = way
    while position &+ 1 < ways {
      entries[position] = entries[position &+ 1]
      position &+= 1
    }
    entries[ways &- 1] = .empty
  }
}
