import Machines

/// The replacement policies as implemented: LRU in two ways.
enum PolicyChoice {
  case packedLRU, lru, fifo, plru, srrip

  init(_ cache: CacheDescription) {
    switch cache.policy {
    case .lru: self = cache.ways <= PackedLRUPolicy.mostWays ? .packedLRU : .lru
    case .fifo: self = .fifo
    case .plru: self = .plru
    case .srrip: self = .srrip
    }
  }

  func stateBytes(ways: Int) -> Int {
    switch self {
    case .packedLRU: PackedLRUPolicy.stateBytes(ways: ways)
    case .lru: LRUPolicy.stateBytes(ways: ways)
    case .fifo: FIFOPolicy.stateBytes(ways: ways)
    case .plru: PseudoLRUPolicy.stateBytes(ways: ways)
    case .srrip: SRRIPPolicy.stateBytes(ways: ways)
    }
  }
}

/// Whatever policy each set names: for hierarchies that are not LRU with up to 16 ways throughout, which are compiled for
/// `PackedLRUPolicy` alone.
enum MixedPolicy: ReplacementPolicy {
  static func stateBytes(ways: Int) -> Int { 0 }  // each set's own policy says it: see `PolicyChoice`

  @inline(__always)
  static func isPlainHit(_ line: UInt64, in set: CacheSet) -> Bool {
    set.policy == .packedLRU && PackedLRUPolicy.isPlainHit(line, in: set)
  }

  @inline(__always)
  static func find(_ line: UInt64, in set: CacheSet) -> Int? {
    switch set.policy {
    case .packedLRU: PackedLRUPolicy.find(line, in: set)
    case .lru, .fifo, .plru, .srrip: set.find(line)
    }
  }

  @inline(__always)
  static func use(_ set: CacheSet, way: Int) -> Int {
    switch set.policy {
    case .packedLRU: PackedLRUPolicy.use(set, way: way)
    case .lru: LRUPolicy.use(set, way: way)
    case .fifo: FIFOPolicy.use(set, way: way)
    case .plru: PseudoLRUPolicy.use(set, way: way)
    case .srrip: SRRIPPolicy.use(set, way: way)
    }
  }

  @inline(__always)
  static func insert(_ entry: CacheEntry, into set: CacheSet) -> CacheEntry {
    switch set.policy {
    case .packedLRU: PackedLRUPolicy.insert(entry, into: set)
    case .lru: LRUPolicy.insert(entry, into: set)
    case .fifo: FIFOPolicy.insert(entry, into: set)
    case .plru: PseudoLRUPolicy.insert(entry, into: set)
    case .srrip: SRRIPPolicy.insert(entry, into: set)
    }
  }

  static func remove(_ set: CacheSet, way: Int) {
    switch set.policy {
    case .packedLRU: PackedLRUPolicy.remove(set, way: way)
    case .lru: LRUPolicy.remove(set, way: way)
    case .fifo: FIFOPolicy.remove(set, way: way)
    case .plru: PseudoLRUPolicy.remove(set, way: way)
    case .srrip: SRRIPPolicy.remove(set, way: way)
    }
  }
}
