import Machines
import Support

/// A machine's figures that the timing equations need, all present, each moved by its uncertainty to one end or left.
struct ProjectionInputs {
  /// Which end of every input's range.
  enum Corner {
    case low, expected, high

    /// Factor on a quantity of which more is better.
    func rate(_ uncertainty: Double) -> Double {
      switch self {
      case .low: 1 - uncertainty
      case .expected: 1
      case .high: 1 + uncertainty
      }
    }

    /// Factor on a quantity of which less is better.
    func delay(_ uncertainty: Double) -> Double {
      switch self {
      case .low: 1 + uncertainty
      case .expected: 1
      case .high: 1 - uncertainty
      }
    }
  }

  struct Cache {
    var latencyCycles: Double
    var bytesPerCycle: Double
    /// Of stores to lines in this level; nil where nobody has measured it.
    var writeBytesPerCycle: Double?
    /// Bytes per cycle.
    var randomRows: RandomRowRates
  }

  var corner: Corner
  var frequencyHertz: Double
  /// Infinite where nobody has measured it.
  var effectiveCores: Double
  var simd: VectorUnits
  /// Share of the multiply-add peak that arithmetic with operands in the caches reaches.
  var productShare: Double
  /// Cycles of a multiply-add that waits for another.
  var latencyCycles: Double
  /// Vector operations that a core keeps waiting while it goes on.
  var window: Double
  /// Instructions started per cycle.
  var issueWidth: Double
  var caches: [Cache]
  var lineBytes: Int
  var transfersOverlap: Bool
  /// Share of the shorter of a core's own work and its transfers that hides behind the longer, where transfers overlap.
  var overlap: Double
  var memory: MemoryDescription
  /// Of one thread from an idle memory, in GB/s; nil where nobody has measured it.
  var memoryRandomRows: RandomRowRates?
  /// Equal to the memory's own where the machine names no remote nodes.
  var remoteLatencyNanoseconds: Double
  /// Infinite where the machine names no link.
  var linkGigabytesPerSecond: Double

  /// The same of a product in a library, which beside the register tile packs operands, updates results and has edges: what
  /// libraries reach on server cores, or the core's own share where that is less.
  var libraryShare: Double { min(productShare, ProjectionInputs.standInProductShare(corner)) }

  /// GEMM libraries reach 85 to 95 % of the peak on server cores (OpenBLAS on Zen 5 88 to 92 %, docs/METHODS.md).
  private static func standInProductShare(_ corner: Corner) -> Double {
    switch corner {
    case .low: 0.85
    case .expected: 0.9
    case .high: 0.95
    }
  }

  /// Where a machine does not say, with the uncertainty of what is assumed. Latency: 4 cycles on all server cores of the
  /// catalogue whose makers state it. Window and issue width: below those of the one core that was measured (Zen 3: 104
  /// operations and 5.5 instructions), since smaller cores are among those machines. Overlap: that core's (0.77), rounded.
  private enum StandIn {
    static let latencyCycles = 4.0
    static let window = 100.0
    static let issueWidth = 5.0
    static let overlap = 0.75
  }

  /// Throws `InputError` naming the keys that the machine lacks, or the memory that it does not have.
  init(_ machine: Machine, memoryName: String?, corner: Corner = .expected) throws {
    try self.init(
      machine, memoryName: memoryName, corner: corner,
      uncertainties: FigureUncertainties(of: machine, memory: memoryName))
  }

  /// The same with uncertainties that are at hand: those of this memory of a machine with the same provenance.
  init(_ machine: Machine, memoryName: String?, corner: Corner, uncertainties: FigureUncertainties) throws {
    let missing = machine.keysMissingForProjection
    guard missing.isEmpty, let frequency = machine.frequencyGHz, let simd = machine.simd,
      let transfersOverlap = machine.transfersOverlap
    else {
      throw InputError(
        key: machine.name,
        "expected a machine with all that a projection needs; missing: \(missing.joined(separator: ", "))")
    }
    let index = try machine.memoryIndex(named: memoryName)

    self.corner = corner
    frequencyHertz = frequency * 1e9 * corner.rate(uncertainties.frequency)
    effectiveCores = machine.effectiveCores ?? .infinity
    self.simd = simd
    self.simd.bf16PerCycle = simd.bf16PerCycle.map { $0 * corner.rate(uncertainties.bf16) }
    self.simd.int8PerCycle = simd.int8PerCycle.map { $0 * corner.rate(uncertainties.int8) }
    productShare =
      simd.productShare.map { min(1, $0 * corner.rate(uncertainties.productShare)) }
      ?? ProjectionInputs.standInProductShare(corner)
    func chosen(_ value: Double?, _ standIn: Double, _ uncertainty: Double, isDelay: Bool = false) -> Double {
      let off = value == nil ? Provenance.Tag.assumed.relativeUncertainty : uncertainty
      return (value ?? standIn) * (isDelay ? corner.delay(off) : corner.rate(off))
    }
    latencyCycles = chosen(
      simd.latencyCycles, StandIn.latencyCycles, uncertainties.multiplyAddLatency, isDelay: true)
    window = chosen(simd.window, StandIn.window, uncertainties.window)
    issueWidth = chosen(simd.issueWidth, StandIn.issueWidth, uncertainties.issueWidth)
    overlap = min(1, chosen(machine.overlap, StandIn.overlap, uncertainties.overlap))
    lineBytes = machine.lineBytes
    self.transfersOverlap = transfersOverlap
    caches = zip(machine.caches, uncertainties.caches).map { cache, uncertainties in
      let bandwidth = (cache.bytesPerCycle ?? 1) * corner.rate(uncertainties.bandwidth)
      let rows = corner.rate(uncertainties.randomRows)
      return Cache(
        latencyCycles: (cache.latencyCycles ?? 0) * corner.delay(uncertainties.latency),
        bytesPerCycle: bandwidth,
        writeBytesPerCycle: cache.writeBytesPerCycle.map { $0 * corner.rate(uncertainties.writeBandwidth) },
        randomRows: RandomRowRates(
          cache.randomRows.scaled(by: rows), pieces: cache.randomRowPieces.scaled(by: rows), stream: bandwidth))
    }

    var memory = machine.memory[index]
    memory.peakGigabytesPerSecond *= corner.rate(uncertainties.memory.peak)
    memory.idleLatencyNanoseconds *= corner.delay(uncertainties.memory.idleLatency)
    memory.linesInFlightPerCore *= corner.rate(uncertainties.memory.linesInFlight)
    if corner != .expected {
      memory.scaleCurves(
        bandwidth: corner.rate(uncertainties.memory.curve), latency: corner.delay(uncertainties.memory.curve))
    }
    let rows = corner.rate(uncertainties.memory.randomRows)
    memoryRandomRows =
      memory.randomRows.isEmpty
      ? nil
      : RandomRowRates(memory.randomRows.scaled(by: rows), pieces: memory.randomRowPieces.scaled(by: rows), stream: 0)
    self.memory = memory
    remoteLatencyNanoseconds =
      machine.numa?.remoteLatencyNanoseconds.map { $0 * corner.delay(uncertainties.remoteLatency) }
      ?? memory.idleLatencyNanoseconds
    linkGigabytesPerSecond =
      machine.numa?.linkGigabytesPerSecond.map { $0 * corner.rate(uncertainties.link) } ?? .infinity
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
