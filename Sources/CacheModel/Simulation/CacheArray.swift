/// The contents of one cache: its sets, and the policy that orders them. A plain view of memory that the simulator owns,
/// so that copying it costs nothing and the inner loop counts no references.
struct CacheArray {
  private let entries: UnsafeMutablePointer<CacheEntry>
  private let states: UnsafeMutablePointer<UInt8>
  private let stateBytes: Int
  private let ways: Int
  private let sets: UInt64
  /// sets - 1 where the number of sets is a power of two, else 0: saves a division in the common case.
  private let mask: UInt64
  private let policy: Policy

  /// The replacement policies as implemented: LRU in two ways.
  private enum Policy {
    case packedLRU, lru, fifo, plru, srrip
  }

  init(_ description: CacheDescription) {
    ways = description.ways
    sets = UInt64(description.sets)
    mask = description.sets.nonzeroBitCount == 1 ? UInt64(description.sets - 1) : 0
    switch description.policy {
    case .lru: policy = ways <= PackedLRUPolicy.mostWays ? .packedLRU : .lru
    case .fifo: policy = .fifo
    case .plru: policy = .plru
    case .srrip: policy = .srrip
    }
    switch policy {
    case .packedLRU: stateBytes = PackedLRUPolicy.stateBytes(ways: ways)
    case .lru: stateBytes = LRUPolicy.stateBytes(ways: ways)
    case .fifo: stateBytes = FIFOPolicy.stateBytes(ways: ways)
    case .plru: stateBytes = PseudoLRUPolicy.stateBytes(ways: ways)
    case .srrip: stateBytes = SRRIPPolicy.stateBytes(ways: ways)
    }
    let count = description.sets * ways
    entries = .allocate(capacity: count)
    entries.initialize(repeating: .empty, count: count)
    states = .allocate(capacity: description.sets * stateBytes)
    states.initialize(repeating: 0, count: description.sets * stateBytes)
  }

  func deallocate() {
    entries.deallocate()
    states.deallocate()
  }

  @inline(__always)
  func set(of line: UInt64) -> CacheSet {
    let index = Int(truncatingIfNeeded: mask != 0 ? line & mask : line % sets)
    return CacheSet(entries: entries + index &* ways, state: states + index &* stateBytes, ways: ways)
  }

  /// Whether a read of `line` is a hit that changes nothing. May be false although it is: a short cut, not an answer.
  @inline(__always)
  func isPlainHit(_ line: UInt64, in set: CacheSet) -> Bool {
    policy == .packedLRU && PackedLRUPolicy.isFirst(line, in: set)
  }

  /// The way of `set` that holds `line`, or nil.
  @inline(__always)
  func find(_ line: UInt64, in set: CacheSet) -> Int? {
    switch policy {
    case .packedLRU: return PackedLRUPolicy.find(line, in: set)
    case .lru: return LRUPolicy.find(line, in: set)
    case .fifo: return FIFOPolicy.find(line, in: set)
    case .plru: return PseudoLRUPolicy.find(line, in: set)
    case .srrip: return SRRIPPolicy.find(line, in: set)
    }
  }

  @inline(__always)
  func use(_ set: CacheSet, way: Int) -> Int {
    switch policy {
    case .packedLRU: return PackedLRUPolicy.use(set, way: way)
    case .lru: return LRUPolicy.use(set, way: way)
    case .fifo: return FIFOPolicy.use(set, way: way)
    case .plru: return PseudoLRUPolicy.use(set, way: way)
    case .srrip: return SRRIPPolicy.use(set, way: way)
    }
  }

  @inline(__always)
  func insert(_ entry: CacheEntry, into set: CacheSet) -> CacheEntry {
    switch policy {
    case .packedLRU: return PackedLRUPolicy.insert(entry, into: set)
    case .lru: return LRUPolicy.insert(entry, into: set)
    case .fifo: return FIFOPolicy.insert(entry, into: set)
    case .plru: return PseudoLRUPolicy.insert(entry, into: set)
    case .srrip: return SRRIPPolicy.insert(entry, into: set)
    }
  }

  func remove(_ set: CacheSet, way: Int) {
    switch policy {
    case .packedLRU: PackedLRUPolicy.remove(set, way: way)
    case .lru: LRUPolicy.remove(set, way: way)
    case .fifo: FIFOPolicy.remove(set, way: way)
    case .plru: PseudoLRUPolicy.remove(set, way: way)
    case .srrip: SRRIPPolicy.remove(set, way: way)
    }
  }
}
