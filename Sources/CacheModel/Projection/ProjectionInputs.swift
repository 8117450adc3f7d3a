import Machines
import Support

/// The figures of a machine that the timing equations need, all present: stated or assumed, and each at one end of
/// its uncertainty or in the middle.
struct ProjectionInputs {
  /// The end of every figure's range that is used.
  enum Corner {
    case low, expected, high

    /// The factors that move a figure which may be off by the share `uncertainty`.
    func factors(_ uncertainty: Double) -> FigureFactors {
      switch self {
      case .low: FigureFactors(rate: 1 - uncertainty, delay: 1 + uncertainty)
      case .expected: FigureFactors(1)
      case .high: FigureFactors(rate: 1 + uncertainty, delay: 1 - uncertainty)
      }
    }

    func value(_ assumed: AssumedFigure) -> Double {
      switch self {
      case .low: assumed.slow
      case .expected: assumed.expected
      case .high: assumed.fast
      }
    }
  }

  struct Cache {
    var latencyCycles: Double
    var bytesPerCycle: Double
    /// Bytes per cycle that stores to lines in this level sustain; nil where not measured.
    var writeBytesPerCycle: Double?
    /// Bytes per cycle of random rows.
    var randomRows: RandomRowRates
  }

  let corner: Corner
  /// The machine with every figure at this corner, for equations that read a figure without a name below.
  let machine: Machine
  let memoryIndex: Int
  let frequencyHertz: Double
  /// Infinite where not measured.
  let effectiveCores: Double
  let simd: VectorUnits
  /// Share of the multiply-add peak that arithmetic with operands in the caches reaches.
  let gemmEfficiency: Double
  /// Latency of a dependent multiply-add in cycles.
  let latencyCycles: Double
  /// Vector operations that a core's scheduler holds while later instructions go on.
  let schedulerWindow: Double
  /// Instructions started per cycle.
  let issueWidth: Double
  let caches: [Cache]
  let lineBytes: Int
  let transfersOverlap: Bool
  /// Share of the shorter of a core's own work and its transfers that hides behind the longer, where transfers overlap.
  let overlap: Double
  let memory: MemoryDescription
  /// GB/s of one thread from an idle memory; nil where not measured.
  let memoryRandomRows: RandomRowRates?
  /// Equal to the memory's own idle latency where the machine names no remote nodes.
  let remoteLatencyNanoseconds: Double
  /// Infinite where the machine names no link.
  let linkGigabytesPerSecond: Double

  /// `gemmEfficiency` of a library, which in addition to the register tile packs operands, updates results and has
  /// edges. It is the share that libraries reach on server cores, or the core's own share where that is less.
  let libraryEfficiency: Double

  /// Throws `InputError` naming the keys that the machine lacks, or the memory that it does not have.
  init(_ machine: Machine, memoryName: String?, corner: Corner = .expected) throws {
    try self.init(
      machine, memoryName: memoryName, corner: corner,
      uncertainties: FigureUncertainties(of: machine, memory: memoryName))
  }

  /// Takes known uncertainties: those of the same memory of a machine that states the same figures from the same
  /// sources.
  init(_ machine: Machine, memoryName: String?, corner: Corner, uncertainties: FigureUncertainties) throws {
    let index = try machine.memoryIndex(named: memoryName)
    var machine = machine
    if corner != .expected {
      for (figure, uncertainty) in uncertainties.stated { figure.move(&machine, corner.factors(uncertainty)) }
    }
    for (figure, value) in uncertainties.assumed { figure.set(&machine, corner.value(value)) }
    for level in machine.caches.indices where machine.caches[level].randomRows.isEmpty {
      machine.caches[level].randomRows = RandomRowRates.assumed(stream: machine.caches[level].bytesPerCycle ?? 1)
    }
    if machine.memory.indices.contains(index), machine.numa?.remoteLatencyNanoseconds == nil {
      machine.numa?.remoteLatencyNanoseconds = machine.memory[index].idleLatencyNanoseconds
    }
    try self.init(complete: machine, memoryIndex: index, corner: corner)
  }

  /// Takes a machine in which every figure that may be assumed is set.
  init(complete machine: Machine, memoryIndex: Int, corner: Corner) throws {
    // The names of missing figures are collected only on failure, because a grid has thousands of machines.
    guard machine.cores != nil, let frequency = machine.frequencyGHz, let simd = machine.simd,
      machine.caches.allSatisfy({ $0.latencyCycles != nil && $0.bytesPerCycle != nil }),
      let transfersOverlap = machine.transfersOverlap, machine.memory.indices.contains(memoryIndex),
      let gemmEfficiency = simd.gemmEfficiency, let latencyCycles = simd.latencyCycles,
      let schedulerWindow = simd.schedulerWindow, let issueWidth = simd.issueWidth, let overlap = machine.overlap
    else {
      let missing = machine.keysMissingForProjection
      throw InputError(
        key: machine.name,
        "expected a machine with all that a projection needs; missing: \(missing.joined(separator: ", "))")
    }
    self.corner = corner
    self.machine = machine
    self.memoryIndex = memoryIndex
    frequencyHertz = frequency * 1e9
    effectiveCores = machine.effectiveCores ?? .infinity
    self.simd = simd
    self.gemmEfficiency = gemmEfficiency
    libraryEfficiency = min(gemmEfficiency, corner.value(VectorUnits.assumedGEMMEfficiency))
    self.latencyCycles = latencyCycles
    self.schedulerWindow = schedulerWindow
    self.issueWidth = issueWidth
    self.overlap = overlap
    lineBytes = machine.lineBytes
    self.transfersOverlap = transfersOverlap
    caches = machine.caches.map { cache in
      Cache(
        latencyCycles: cache.latencyCycles ?? 0, bytesPerCycle: cache.bytesPerCycle ?? 1,
        writeBytesPerCycle: cache.writeBytesPerCycle,
        randomRows: RandomRowRates(cache.randomRows, pieces: cache.randomRowPieces))
    }
    let memory = machine.memory[memoryIndex]
    memoryRandomRows =
      memory.randomRows.isEmpty ? nil : RandomRowRates(memory.randomRows, pieces: memory.randomRowPieces)
    self.memory = memory
    remoteLatencyNanoseconds = machine.numa?.remoteLatencyNanoseconds ?? memory.idleLatencyNanoseconds
    linkGigabytesPerSecond = machine.numa?.linkGigabytesPerSecond ?? .infinity
  }
}

extension Machine {
  func memoryIndex(named wanted: String?) throws -> Int {
    guard let wanted else { return 0 }
    guard let index = memory.firstIndex(where: { $0.name == wanted }) else {
      throw InputError(
        key: "memory",
        "expected a memory of \(name) (\(memory.map(\.name).joined(separator: ", "))), found '\(wanted)'")
    }
    return index
  }
}
