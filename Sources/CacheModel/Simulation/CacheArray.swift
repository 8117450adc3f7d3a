import CSetSearch

/// The contents of one cache: its sets, ordered by `Policy`. A plain view of memory that the simulator owns, so that
/// copying it costs nothing and the inner loop counts no references.
struct CacheArray<Policy: ReplacementPolicy> {
  /// Sets begin at a line of the host's caches, so that a set's entries span as few of them as they can.
  private static var hostLineBytes: Int { 64 }

  private let entries: UnsafeMutablePointer<CacheEntry>
  private let states: UnsafeMutablePointer<UInt8>
  private let stateBytes: Int
  private let ways: Int
  private let sets: UInt64
  /// sets - 1 where the number of sets is a power of two, else 0: saves a division in the common case.
  private let mask: UInt64
  private let policy: PolicyChoice

  init(_ description: CacheDescription) {
    ways = description.ways
    sets = UInt64(description.sets)
    mask = description.sets.nonzeroBitCount == 1 ? UInt64(description.sets - 1) : 0
    policy = PolicyChoice(description)
    stateBytes = policy.stateBytes(ways: ways)
    let count = description.sets * ways
    let alignment = CacheArray.hostLineBytes
    entries = UnsafeMutableRawPointer.allocate(
      byteCount: count * MemoryLayout<CacheEntry>.stride, alignment: alignment
    ).bindMemory(to: CacheEntry.self, capacity: count)
    entries.initialize(repeating: .empty, count: count)
    states = UnsafeMutableRawPointer.allocate(byteCount: max(1, description.sets * stateBytes), alignment: alignment)
      .bindMemory(to: UInt8.self, capacity: description.sets * stateBytes)
    states.initialize(repeating: 0, count: description.sets * stateBytes)
  }

  func deallocate() {
    UnsafeMutableRawPointer(entries).deallocate()
    UnsafeMutableRawPointer(states).deallocate()
  }

  /// Bytes of the host's memory that the contents take.
  var hostBytes: Int { Int(sets) * (ways * MemoryLayout<CacheEntry>.stride + stateBytes) }

  @inline(__always)
  func set(of line: UInt64) -> CacheSet {
    let index = Int(truncatingIfNeeded: mask != 0 ? line & mask : line % sets)
    return CacheSet(
      entries: entries + index &* ways, state: states + index &* stateBytes, ways: ways, policy: policy)
  }

  /// Asks the host for the set of `line`, to be looked at soon.
  @inline(__always)
  func prefetchSet(of line: UInt64) {
    let set = set(of: line)
    prefetch_line(set.state)
    let bytes = ways &* MemoryLayout<CacheEntry>.stride
    var offset = 0
    while offset < bytes {
      prefetch_line(UnsafeRawPointer(set.entries) + offset)
      offset &+= CacheArray.hostLineBytes
    }
  }
}
