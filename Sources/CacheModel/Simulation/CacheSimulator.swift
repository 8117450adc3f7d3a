import InputFiles

/// What a hit by a store or a write-back means for the order of replacement.
public enum StoreRecency: Sendable {
  /// A use like any other: what "least recently used" says, and what cachegrind does.
  case use
  /// Nothing: what pycachesim 0.3.1 does. For comparisons with it only.
  case ignored
}

/// The exact tier: plays accesses on a hierarchy of set-associative caches and counts, in lines, what happens where.
///
/// Write-back and write-allocate throughout; `CacheHierarchy` states the rules. Contents persist from phase to phase and
/// over `resetCounts`, so that a first pass can warm the caches.
public final class CacheSimulator: AccessSink {
  public let caches: [CacheDescription]
  public let cores: Int
  private let lineShift: UInt64
  private var engine: Engine
  private var phases: [PhaseStore]
  private var present = 0
  private let combining: UnsafeMutablePointer<UInt64>

  /// The hierarchy, compiled for the policy that it has throughout, or for any.
  private enum Engine {
    case packedLRU(CacheHierarchy<PackedLRUPolicy>)
    case mixed(CacheHierarchy<MixedPolicy>)
  }

  /// Simulates `caches`, from the core outwards (all of one line size), for cores 0..<cores.
  ///
  /// Cores fill the clusters in order: with levels shared by 8, cores 0 to 7 share the first instance.
  public init(caches: [CacheDescription], cores: Int = 1, storeRecency: StoreRecency = .use) throws {
    guard let first = caches.first else { throw InputError(key: "caches", "expected at least one level, found none") }
    guard (1...Int(UInt16.max)).contains(cores) else {
      throw InputError(key: "cores", "expected 1 to \(UInt16.max) cores to simulate, found \(cores)")
    }
    guard caches.allSatisfy({ $0.lineBytes == first.lineBytes && $0.sets > 0 }), first.lineBytes.nonzeroBitCount == 1,
      first.inclusion != .victim
    else {
      throw InputError(
        key: "caches", "expected levels of one line size, a power of two, whose first is no victim cache")
    }
    self.caches = caches
    self.cores = cores
    lineShift = UInt64(first.lineBytes.trailingZeroBitCount)
    combining = .allocate(capacity: cores)
    // No line has this number: an address has fewer bits.
    combining.initialize(repeating: .max, count: cores)
    let store = PhaseStore(levelCount: caches.count)
    phases = [store]
    let storesAreUses = storeRecency == .use
    engine =
      caches.allSatisfy { PolicyChoice($0) == .packedLRU }
      ? .packedLRU(CacheHierarchy(caches, cores: cores, storesAreUses: storesAreUses, store.levels, store.memory))
      : .mixed(CacheHierarchy(caches, cores: cores, storesAreUses: storesAreUses, store.levels, store.memory))
  }

  /// Simulates a machine's caches for `cores` of its cores, one thread each.
  public convenience init(machine: Machine, cores: Int = 1) throws {
    if let available = machine.cores, cores > available {
      throw InputError(
        key: "threads", "expected at most the \(available) cores of \(machine.name), found \(cores) threads")
    }
    try self.init(caches: machine.caches, cores: cores)
  }

  deinit {
    switch engine {
    case .packedLRU(let hierarchy): hierarchy.deallocate()
    case .mixed(let hierarchy): hierarchy.deallocate()
    }
    combining.deallocate()
  }

  // MARK: - Accesses

  /// Precondition: every core is below `cores`, every run has at least one byte and ends within the address space.
  public func consume(_ accesses: UnsafeBufferPointer<Access>) {
    let store = phases[present]
    let lines: UInt64
    switch engine {
    case .packedLRU(let hierarchy):
      lines = hierarchy.play(
        accesses, lineShift: lineShift, gatherSources: store.gatherSources, combining: combining)
    case .mixed(let hierarchy):
      lines = hierarchy.play(
        accesses, lineShift: lineShift, gatherSources: store.gatherSources, combining: combining)
    }
    store.accesses.pointee &+= lines
  }

  /// Counts everything from here on for `phase`; the caches stay as they are.
  public func enter(phase: Int) {
    precondition(phase >= 0, "a phase is an index from 0")
    while phases.count <= phase { phases.append(PhaseStore(levelCount: caches.count)) }
    present = phase
    switch engine {
    case .packedLRU(var hierarchy):
      hierarchy.count(in: phases[phase].levels, phases[phase].memory)
      engine = .packedLRU(hierarchy)
    case .mixed(var hierarchy):
      hierarchy.count(in: phases[phase].levels, phases[phase].memory)
      engine = .mixed(hierarchy)
    }
  }

  // MARK: - Counts

  /// Sets every count to zero and keeps the caches' contents: call it after a warm-up.
  public func resetCounts() {
    for phase in phases { phase.reset() }
  }

  /// Counts per phase, from phase 0 to the highest phase entered.
  public var phaseCounts: [PhaseCounts] { phases.map(\.counts) }

  /// Lines read from memory, over all phases; cheap enough to ask after every access.
  public var memoryReads: UInt64 { phases.reduce(0) { $0 + $1.memory.pointee.reads } }

  /// Counts over all phases.
  public var totalCounts: PhaseCounts {
    var total = PhaseCounts(levels: Array(repeating: LevelCounts(), count: caches.count))
    for phase in phases { total += phase.counts }
    return total
  }
}

/// One phase's counters, at addresses that stay put while the hierarchy counts.
private final class PhaseStore {
  let levelCount: Int
  let levels: UnsafeMutablePointer<LevelCounts>
  let memory: UnsafeMutablePointer<MemoryCounts>
  let accesses: UnsafeMutablePointer<UInt64>
  let gatherSources: UnsafeMutablePointer<UInt64>

  init(levelCount: Int) {
    self.levelCount = levelCount
    levels = .allocate(capacity: levelCount)
    memory = .allocate(capacity: 1)
    accesses = .allocate(capacity: 1)
    gatherSources = .allocate(capacity: levelCount + 1)
    reset()
  }

  deinit {
    levels.deallocate()
    memory.deallocate()
    accesses.deallocate()
    gatherSources.deallocate()
  }

  func reset() {
    levels.initialize(repeating: LevelCounts(), count: levelCount)
    memory.initialize(to: MemoryCounts())
    accesses.initialize(to: 0)
    gatherSources.initialize(repeating: 0, count: levelCount + 1)
  }

  var counts: PhaseCounts {
    PhaseCounts(
      levels: (0..<levelCount).map { levels[$0] }, memory: memory.pointee, accesses: accesses.pointee,
      gatherSources: (0...levelCount).map { gatherSources[$0] })
  }
}
