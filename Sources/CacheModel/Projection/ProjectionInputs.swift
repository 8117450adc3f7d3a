import InputFiles

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
    let missing = machine.keysMissingForProjection
    guard missing.isEmpty, let frequency = machine.frequencyGHz, let simd = machine.simd,
      let transfersOverlap = machine.transfersOverlap
    else {
      throw InputError(
        key: machine.name,
        "expected a machine with all that a projection needs; missing: \(missing.joined(separator: ", "))")
    }
    let index = try machine.memoryIndex(named: memoryName)

    func uncertainty(_ key: String) -> Double { machine.tag(of: key).relativeUncertainty }
    self.corner = corner
    frequencyHertz = frequency * 1e9 * corner.rate(uncertainty("frequency_ghz"))
    self.simd = simd
    self.simd.bf16PerCycle = simd.bf16PerCycle.map { $0 * corner.rate(uncertainty("simd.bf16_per_cycle")) }
    self.simd.int8PerCycle = simd.int8PerCycle.map { $0 * corner.rate(uncertainty("simd.int8_per_cycle")) }
    productShare =
      simd.productShare.map { min(1, $0 * corner.rate(uncertainty("simd.product_share"))) }
      ?? ProjectionInputs.standInProductShare(corner)
    func chosen(_ value: Double?, _ standIn: Double, _ key: String, isDelay: Bool = false) -> Double {
      let off = value == nil ? Provenance.Tag.assumed.relativeUncertainty : uncertainty(key)
      return (value ?? standIn) * (isDelay ? corner.delay(off) : corner.rate(off))
    }
    latencyCycles = chosen(simd.latencyCycles, StandIn.latencyCycles, "simd.latency_cycles", isDelay: true)
    window = chosen(simd.window, StandIn.window, "simd.window")
    issueWidth = chosen(simd.issueWidth, StandIn.issueWidth, "simd.issue_width")
    overlap = min(1, chosen(machine.overlap, StandIn.overlap, "overlap"))
    lineBytes = machine.lineBytes
    self.transfersOverlap = transfersOverlap
    caches = machine.caches.enumerated().map { level, cache in
      let bandwidth = (cache.bytesPerCycle ?? 1) * corner.rate(uncertainty("caches[\(level)].bytes_per_cycle"))
      let rows = cache.randomRows.map {
        RandomRowRate(
          rowBytes: $0.rowBytes, rate: $0.rate * corner.rate(uncertainty("caches[\(level)].random_rows")))
      }
      return Cache(
        latencyCycles: (cache.latencyCycles ?? 0) * corner.delay(uncertainty("caches[\(level)].latency_cycles")),
        bytesPerCycle: bandwidth,
        writeBytesPerCycle: cache.writeBytesPerCycle.map {
          $0 * corner.rate(uncertainty("caches[\(level)].write_bytes_per_cycle"))
        },
        randomRows: RandomRowRates(rows, stream: bandwidth))
    }

    var memory = machine.memory[index]
    let path = "memory[\(index)]"
    memory.peakGigabytesPerSecond *= corner.rate(uncertainty("\(path).peak_gbps"))
    memory.idleLatencyNanoseconds *= corner.delay(uncertainty("\(path).idle_latency_ns"))
    memory.linesInFlightPerCore *= corner.rate(uncertainty("\(path).lines_in_flight_per_core"))
    let rowsUncertainty = uncertainty("\(path).random_rows")
    memory.randomRows = memory.randomRows.map {
      RandomRowRate(rowBytes: $0.rowBytes, rate: $0.rate * corner.rate(rowsUncertainty))
    }
    let curveUncertainty = uncertainty("\(path).curve")
    memory.scaleCurves(bandwidth: corner.rate(curveUncertainty), latency: corner.delay(curveUncertainty))
    self.memory = memory
    remoteLatencyNanoseconds =
      machine.numa?.remoteLatencyNanoseconds.map { $0 * corner.delay(uncertainty("numa.remote_latency_ns")) }
      ?? memory.idleLatencyNanoseconds
    linkGigabytesPerSecond =
      machine.numa?.linkGigabytesPerSecond.map { $0 * corner.rate(uncertainty("numa.link_gbps")) } ?? .infinity
  }
}

extension Provenance.Tag {
  /// How far a figure of this origin may be off, relative to itself.
  ///
  /// These are stated assumptions, not statistics: a benchmark repeats within a few per cent (5 %); a data sheet states
  /// nominal values that boards and firmware miss (10 %); the press rounds and quotes early samples (20 %); a guess by
  /// analogy with a relative of the machine is off by up to a generation's step, about a quarter (25 %).
  public var relativeUncertainty: Double {
    switch self {
    case .measured: 0.05
    case .vendor: 0.10
    case .press: 0.20
    case .assumed: 0.25
    }
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
