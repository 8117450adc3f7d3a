import CSetSearch
import Machines

/// The contents of one cache: its sets, ordered by `Policy`. It is a plain view of memory that the simulator owns, so
/// that copying it is free and the inner loop counts no references.
struct CacheArray<Policy: ReplacementPolicy> {
  /// Sets begin at a line of the host's caches, so that they span as few host lines as possible.
  private static var hostLineBytes: Int { 64 }

  /// One record per set: the policy's state, then the entries.
  private let records: UnsafeMutableRawPointer
  private let recordBytes: Int
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
    // Rounds up to whole words, because entries are words.
    stateBytes = (policy.stateBytes(ways: ways) + 7) & ~7
    let alignment = CacheArray.hostLineBytes
    recordBytes = (stateBytes + ways * MemoryLayout<CacheEntry>.stride + alignment - 1) & ~(alignment - 1)
    let bytes = description.sets * recordBytes
    records = .allocate(byteCount: bytes, alignment: alignment)
    // Zero bytes are the initial state and empty entries.
    records.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
  }

  func deallocate() { records.deallocate() }

  /// Bytes of the host's memory that the contents take.
  var hostBytes: Int { Int(sets) * recordBytes }

  /// Whether `setOfPowerOfTwo` may be used.
  var hasPowerOfTwoSets: Bool { mask == sets &- 1 }

  @inline(__always)
  func set(of line: UInt64) -> CacheSet { set(at: mask != 0 ? line & mask : line % sets) }

  /// The set of `line` where the number of sets is a power of two.
  @inline(__always)
  func setOfPowerOfTwo(_ line: UInt64) -> CacheSet { set(at: line & mask) }

  @inline(__always)
  private func set(at index: UInt64) -> CacheSet {
    let record = records + Int(truncatingIfNeeded: index) &* recordBytes
    return CacheSet(
      entries: (record + stateBytes).assumingMemoryBound(to: CacheEntry.self),
      state: record.assumingMemoryBound(to: UInt8.self), ways: ways, policy: policy)
  }

  /// Prefetches `set` into the host's caches.
  @inline(__always)
  func prefetch(_ set: CacheSet) {
    var offset = 0
    repeat {
      prefetch_line(UnsafeRawPointer(set.state) + offset)
      offset &+= CacheArray.hostLineBytes
    } while offset < recordBytes
  }
}
