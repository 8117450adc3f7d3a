import AccessStreams
import Machines
import Support

/// The effect of a hit by a store or a write-back on the order of replacement.
public enum StoreRecency: Sendable {
  /// It counts as a use, as in the definition of LRU and in cachegrind.
  case use
  /// It is ignored, as in pycachesim 0.3.1. For comparisons with pycachesim only.
  case ignored
}

/// The exact simulator: plays accesses on a hierarchy of set-associative caches and counts events per level in lines.
///
/// Write-back and write-allocate throughout; `CacheHierarchy` states the rules. Contents persist from phase to phase and
/// over `resetCounts`, so that a first pass can warm the caches.
public final class CacheSimulator: AccessSink {
  public let caches: [CacheDescription]
  public let cores: Int
  private let lineShift: UInt64
  private var engine: AnySimulationEngine
  private var phases: [PhaseStore]
  private var present = 0
  private let combining: UnsafeMutablePointer<UInt64>

  /// Simulates `caches`, from the core outwards (all of one line size), for cores 0..<cores.
  ///
  /// Cores fill the clusters in order: with levels shared by 8, cores 0 to 7 share the first instance.
  public convenience init(caches: [CacheDescription], cores: Int = 1, storeRecency: StoreRecency = .use) throws {
    try self.init(caches: caches, cores: cores, storeRecency: storeRecency, levelwise: true)
  }

  /// With `levelwise` false, every access goes through all levels before the next, even where the levelwise engine
  /// would serve. It is slower, and tests compare both.
  init(caches: [CacheDescription], cores: Int, storeRecency: StoreRecency, levelwise: Bool) throws {
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
    engine = AnySimulationEngine(
      caches, cores: cores, storesAreUses: storeRecency == .use, levelwise: levelwise, countingIn: store)
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
    engine.deallocate()
    combining.deallocate()
  }

  // MARK: - Accesses

  /// Precondition: every core is below `cores`, every run has at least one byte and ends within the address space.
  public func consume(_ accesses: UnsafeBufferPointer<Access>) {
    phases[present].accesses.pointee &+= engine.play(accesses, lineShift: lineShift, combining: combining)
  }

  /// Counts all following accesses for `phase`; the caches keep their contents.
  public func enter(phase: Int) {
    precondition(phase >= 0, "a phase is an index from 0")
    while phases.count <= phase { phases.append(PhaseStore(levelCount: caches.count)) }
    present = phase
    engine.count(in: phases[phase])
  }

  // MARK: - Counts

  /// Resets every count and keeps the caches' contents. Call it after a warm-up.
  public func resetCounts() {
    for phase in phases { phase.reset() }
  }

  /// Counts per phase, from phase 0 to the highest phase entered.
  public var phaseCounts: [PhaseCounts] { phases.map(\.counts) }

  /// Lines read from memory, over all phases; cheap enough to read after every access.
  public var memoryReads: UInt64 { phases.reduce(0) { $0 + $1.memory.pointee.reads } }

  /// Counts over all phases.
  public var totalCounts: PhaseCounts {
    var total = PhaseCounts(levels: Array(repeating: LevelCounts(), count: caches.count))
    for phase in phases { total += phase.counts }
    return total
  }
}
