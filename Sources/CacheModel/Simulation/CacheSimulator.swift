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
  private var hierarchy: CacheHierarchy
  private var phases: [PhaseStore]
  private var present = 0
  /// Per core, the line that its write-combining buffer holds, so that adjacent non-temporal stores are one write.
  private var combining: [UInt64?]

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
    combining = Array(repeating: nil, count: cores)
    let levels = UnsafeMutablePointer<CacheHierarchy.Level>.allocate(capacity: caches.count)
    for (index, cache) in caches.enumerated() {
      let count = (cores + cache.sharedByCores - 1) / cache.sharedByCores
      let instances = UnsafeMutablePointer<CacheArray>.allocate(capacity: count)
      for instance in 0..<count { (instances + instance).initialize(to: CacheArray(cache)) }
      let instanceOfCore = UnsafeMutablePointer<CacheArray>.allocate(capacity: cores)
      for core in 0..<cores { (instanceOfCore + core).initialize(to: instances[core / cache.sharedByCores]) }
      (levels + index).initialize(
        to: CacheHierarchy.Level(
          instances: instances, instanceCount: count, instanceOfCore: instanceOfCore,
          sharedByCores: cache.sharedByCores, inclusion: cache.inclusion))
    }
    let store = PhaseStore(levelCount: caches.count)
    phases = [store]
    hierarchy = CacheHierarchy(
      levels: levels, levelCount: caches.count, cores: cores, counts: store.levels, memory: store.memory,
      storesAreUses: storeRecency == .use)
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
    for level in 0..<hierarchy.levelCount {
      let level = hierarchy.levels[level]
      for instance in 0..<level.instanceCount { level.instances[instance].deallocate() }
      level.instances.deallocate()
      level.instanceOfCore.deallocate()
    }
    hierarchy.levels.deallocate()
  }

  // MARK: - Accesses

  /// Precondition: every core is below `cores`, every run has at least one byte and ends within the address space.
  public func consume(_ accesses: UnsafeBufferPointer<Access>) {
    let store = phases[present]
    let hierarchy = hierarchy
    let shift = lineShift
    var lines: UInt64 = 0
    for access in accesses {
      let core = Int(access.core)
      precondition(core < hierarchy.cores, "an access by core \(core) to a simulator of \(hierarchy.cores) cores")
      let first = access.address >> shift
      let last = (access.address &+ UInt64(access.bytes) &- 1) >> shift
      lines &+= last &- first &+ 1
      switch access.kind {
      case .read:
        var line = first
        while line <= last {
          _ = hierarchy.load(line, at: 0, core: core)
          line &+= 1
        }
      case .write:
        var line = first
        while line <= last {
          hierarchy.store(line, at: 0, core: core)
          line &+= 1
        }
      case .gather:
        store.gatherSources[hierarchy.load(first, at: 0, core: core).source] &+= 1
        var line = first &+ 1
        while line <= last {
          _ = hierarchy.load(line, at: 0, core: core)
          line &+= 1
        }
      case .nontemporalWrite:
        for line in first...last where combining[core] != line {
          hierarchy.storeNontemporally(line, core: core)
          combining[core] = line
        }
      }
    }
    store.accesses.pointee &+= lines
  }

  /// Counts everything from here on for `phase`; the caches stay as they are.
  public func enter(phase: Int) {
    precondition(phase >= 0, "a phase is an index from 0")
    while phases.count <= phase { phases.append(PhaseStore(levelCount: caches.count)) }
    present = phase
    hierarchy.counts = phases[phase].levels
    hierarchy.memory = phases[phase].memory
  }

  // MARK: - Counts

  /// Sets every count to zero and keeps the caches' contents: call it after a warm-up.
  public func resetCounts() {
    for phase in phases { phase.reset() }
  }

  /// Counts per phase, from phase 0 to the highest phase entered.
  public var phaseCounts: [PhaseCounts] { phases.map(\.counts) }

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
