import Foundation
import Kernels
import Machines
import Profiler
import RunStore
import Simulation
import Support

extension Machine {
  /// The name of the machine that describes the host of a run.
  public static let hostName = ProjectionRow.hostName

  /// This host as the model sees it: geometry as the operating system reports it, rates and latencies as
  /// `calibration` measured them in its least disturbed samples. No kernel's time enters. `date` and `model` go into
  /// the provenance of measured figures. Throws `NotAvailable` where a figure that the model needs was not measured
  /// or is not reported.
  public static func host(
    _ calibration: Calibration, topology: Topology, vendor: String?, model: String?, generation: String? = nil,
    date: Date = Date()
  ) throws -> Machine {
    var description = try HostDescription(calibration, topology: topology, vendor: vendor, model: model, date: date)
    var machine = try description.machine()
    machine.generation = generation
    return machine
  }
}

/// Makes the machine file of this host, figure by figure, with the provenance of each.
private struct HostDescription {
  private let calibration: Calibration
  private let topology: Topology
  private let model: String?
  private let isAMD: Bool
  /// The date of the calibration, to the day.
  private let date: String
  private let frequency: Double
  /// The data caches of the first CPU that this process may use.
  private let levels: [Topology.Cache]
  private let allThreads: Int
  private let verdicts: [CacheBoundaries.Verdict]
  private let randomRows: RandomRows
  private var provenance: [String: Provenance] = [:]

  init(_ measured: Calibration, topology: Topology, vendor: String?, model: String?, date: Date) throws {
    calibration = measured.undisturbed
    self.topology = topology
    self.model = model
    isAMD = vendor == "AuthenticAMD"
    self.date = date.formatted(.iso8601.year().month().day())
    guard let frequency = calibration.value(Calibration.Name.frequency) else {
      throw NotAvailable(
        key: "frequency_ghz", "expected a measured core frequency; this architecture has no loop for it")
    }
    self.frequency = frequency
    levels = topology.dataCaches(of: topology.allowedCPUs.first ?? 0)
    allThreads = calibration.ceilings.map(\.threads).max() ?? 1
    verdicts = calibration.cacheVerdicts(topology)
    randomRows = RandomRows(calibration, typical: measured, cacheSizes: levels.compactMap(\.sizeBytes))
  }

  private mutating func note(_ key: String, _ tag: Provenance.Tag, _ source: String) {
    provenance[key] = Provenance(
      tag: tag, source: tag == .measured ? "\(source); \(date), \(model ?? "unnamed CPU")" : source)
  }

  mutating func machine() throws -> Machine {
    note("caches", .vendor, "geometry as the operating system reports it")
    note("frequency_ghz", .measured, "dependent additions, one a cycle")
    note("cores", .vendor, "as the operating system reports them")
    let caches = try levels.indices.map { try cache($0) }
    let core = CoreConstants(calibration)
    let simd = try simd(core)
    let overlap = overlap(core)
    return Machine(
      name: Machine.hostName, description: model ?? "this host",
      sources: ["micro-benchmarks of this host, the least disturbed samples of each, \(date)"],
      cores: topology.socketCores, effectiveCores: effectiveCores().map(rounded), frequencyGHz: rounded(frequency),
      simd: simd, caches: caches,
      transfersOverlap: overlap != nil || isAMD, overlap: overlap.map(rounded), memory: [try memory()],
      numa: numa(), provenance: provenance)
  }

  // MARK: - Caches

  private mutating func cache(_ index: Int) throws -> CacheDescription {
    let cache = levels[index]
    guard let size = cache.sizeBytes, let ways = cache.ways, let line = cache.lineBytes else {
      throw NotAvailable(
        key: "caches[\(index)]", "expected the system to report size, ways and line of L\(cache.level)")
    }
    // The level's own plateau: from half as large again as the level above to three quarters of its capacity. Random
    // loads stop at four times the level above: a random cycle through a large shared cache returns to a line so late
    // that other users of the cache, for instance other guests, may have evicted it.
    let above = index > 0 ? levels[index - 1].sizeBytes ?? 0 : 0
    let low = above + above / 2
    let high = max(low, size / 4 * 3)
    let bandwidth = calibration.plateau(Calibration.Name.readBandwidth, within: low...high)
    let latency = calibration.plateau(
      Calibration.Name.loadLatency, within: low...(index > 0 ? max(low, min(high, 4 * above)) : high))
    note(
      "caches[\(index)].latency_cycles", .measured,
      "random pointer chase just outside the level above x core frequency")
    note(
      "caches[\(index)].bytes_per_cycle", .measured,
      "sequential reads between the level above and this one / core frequency")
    note("caches[\(index)].policy", .assumed, "true replacement is undocumented")
    let rows = randomRows.rates(level: index, per: frequency)
    if !rows.isEmpty {
      note("caches[\(index)].random_rows", .measured, "random reads of whole rows within the level / core frequency")
    }
    let pieces = index > 0 ? randomRows.rates(.inPieces, level: index, per: frequency) : []
    if !pieces.isEmpty {
      note(
        "caches[\(index)].random_row_pieces", .measured,
        "the same of rows read in \(Calibration.piecesPerRow) pieces, 128 rows side by side")
    }
    let writes = calibration.plateau(Calibration.Name.writeBandwidth, within: low...high)
    if writes != nil {
      note(
        "caches[\(index)].write_bytes_per_cycle", .measured,
        "sequential ordinary stores within the level / core frequency")
    }
    let cores = Set(cache.sharedCPUs.compactMap { topology.cpu($0)?.core }).count
    return CacheDescription(
      name: "L\(cache.level)", sizeBytes: capacity(index, size: size, ways: ways, line: line), ways: ways,
      lineBytes: line, sharedByCores: max(1, cores), latencyCycles: latency.map { rounded($0 * frequency) },
      bytesPerCycle: bandwidth.map { rounded($0 / frequency) },
      writeBytesPerCycle: writes.map { rounded($0 / frequency) }, randomRows: rows, randomRowPieces: pieces,
      policy: .lru, inclusion: inclusion(index))
  }

  /// The level's capacity in bytes for this host: as reported, but for the last level the one that random reads find.
  private mutating func capacity(_ index: Int, size: Int, ways: Int, line: Int) -> Int {
    if let verdict = verdicts.first(where: { $0.name == "L\(levels[index].level)" }) {
      note("caches[\(index)].size", .vendor, "as the operating system reports it; \(verdict.sentence)")
    }
    guard index == levels.count - 1, index > 0, randomRows.lastLevelBytes < size else { return size }
    note(
      "caches[\(index)].size", .measured,
      "what random reads find in it, as medians; the operating system reports \(size >> 10) KiB, shared with other guests"
    )
    return max(randomRows.lastLevelBytes / (ways * line), 1) * ways * line
  }

  private mutating func inclusion(_ index: Int) -> InclusionKind {
    note("caches[\(index)].inclusion", .assumed, isAMD ? "as documented for Zen" : "as most server CPUs")
    switch (isAMD, levels[index].level) {
    case (true, 2): return .inclusive
    case (true, 3...): return .victim
    default: return .nine
    }
  }

  // MARK: - Cores

  private mutating func simd(_ core: CoreConstants) throws -> VectorUnits {
    var simd = try vectorUnits()
    note("simd", .measured, "multiply-add peaks / (2 x core frequency), of fp32 rounded to whole units")
    if let product = calibration.value(Calibration.Name.productRate),
      let peak = calibration.value(Calibration.Name.multiplyAddPeak), product > 0, peak > 0
    {
      // Relative to the stated peak. The measured one is lower where the clock drops under wide vectors.
      let stated = 2 * frequency * Double(simd.widthBits / 32 * simd.fmaUnits)
      simd.gemmEfficiency = min(1, rounded(product / stated))
      note(
        "simd.product_share", .measured,
        "register-tiled product on packed panels / (2 x frequency x width / 32 x units); multiply-adds alone \(rounded(peak / stated))"
      )
    }
    simd.latencyCycles = core.latencyCycles.map(rounded)
    simd.schedulerWindow = core.schedulerWindow.map(rounded)
    simd.issueWidth = core.issueWidth.map(rounded)
    return simd
  }

  private func vectorUnits() throws -> VectorUnits {
    guard let peak = calibration.value(Calibration.Name.multiplyAddPeak) else {
      throw NotAvailable(key: "simd", "expected a measured multiply-add peak, found none")
    }
    let lanes = ISA.best.vectorLanes
    let units = peak / (2 * Double(lanes) * frequency)
    // Two operations per multiply-add. The value is not rounded, since the number of units is not known beforehand.
    func perCycle(_ type: TableType) -> Double? {
      calibration.value(Calibration.Name.multiplyAddPeak(type)).map { rounded($0 / (2 * frequency)) }
    }
    // Half a unit of this width is one unit of half the width, as on a core that splits its vectors.
    let isSplit = units < 0.75
    return VectorUnits(
      isa: ISA.best.rawValue, widthBits: (isSplit ? 16 : 32) * lanes, fmaUnits: isSplit ? 1 : Int(units.rounded()),
      bf16PerCycle: perCycle(.bf16), int8PerCycle: perCycle(.int8))
  }

  /// The share of the time that transfers hide behind work; nil where it was not measured.
  ///
  /// Every rate here is from a level all the way to the core. It already contains the transfers that ECM adds up
  /// boundary by boundary on Intel server cores; the measured overlap tells how much of it hides behind work.
  private mutating func overlap(_ core: CoreConstants) -> Double? {
    let overlap = core.overlap(rowSet: Calibration.secondLevelSet(levels.compactMap(\.sizeBytes)))
    if overlap != nil {
      note("overlap", .measured, "random rows of the second level, read, added up, and both at once")
      note(
        "transfers_overlap", .measured,
        "rates are from each level to the core; what of them hides behind work is `overlap`")
    } else {
      note(
        "transfers_overlap", .assumed,
        isAMD
          ? "transfers overlap on Zen (Laukemann et al.)" : "transfers add up on Intel server cores (Hofmann et al.)")
    }
    return overlap
  }

  /// The effective cores of the socket, with cores beyond the measured ones counted in proportion.
  private mutating func effectiveCores() -> Double? {
    guard allThreads > 1, let one = calibration.value(Calibration.Name.multiplyAddPeak),
      let all = calibration.value(Calibration.Name.multiplyAddPeak, threads: allThreads), one > 0
    else { return nil }
    note("effective_cores", .measured, "multiply-add peak of \(allThreads) threads / so many times that of one x cores")
    return Double(topology.socketCores) * min(1, max(1, all / one) / Double(allThreads))
  }

  // MARK: - Memory

  private mutating func memory() throws -> MemoryDescription {
    note("memory", .measured, "micro-benchmarks far outside the last cache")
    let one = calibration.ceilings.last { $0.name == Calibration.Name.readBandwidth && $0.threads == 1 }
    let all = calibration.value(Calibration.Name.readBandwidth, threads: allThreads)
    let latency = calibration.ceilings.last { $0.name == Calibration.Name.loadLatency && $0.threads == 1 }?.value
    guard let one, let all, let latency, one.value > 0, all > 0, latency > 0 else {
      throw NotAvailable(key: "memory", "expected measured bandwidth and latency, found none")
    }
    let linesInFlight = littleLines(gigabytesPerSecond: one.value, nanoseconds: latency)
    note("memory[0].lines_in_flight_per_core", .measured, "Little's law on one thread's sequential reads")
    // At the idle latency of this file, so that the model reproduces the measured rate.
    let random = calibration.chaseSets.last.flatMap { calibration.linesInFlight(workingSetBytes: $0) }
      .flatMap { $0.points.map(\.gigabytesPerSecond).max() }
      .map { littleLines(gigabytesPerSecond: $0, nanoseconds: latency) }
    if random != nil {
      note(
        "memory[0].random_lines_in_flight_per_core", .measured,
        "Little's law on the most that 1 to 64 random chases side by side reached on one thread, at the idle latency")
    }
    let writes = calibration.value(Calibration.Name.writeBandwidth)
    if writes != nil { note("memory[0].write_gbps_per_core", .measured, "sequential ordinary stores of one thread") }
    let streamStores = calibration.value(Calibration.Name.streamStoreBandwidth)
    if streamStores != nil {
      note("memory[0].stream_store_gbps_per_core", .measured, "sequential non-temporal stores of one thread")
    }
    let curves = curves(reads: all, latency: latency, linesInFlight: linesInFlight)
    note(
      "memory[0].curve", .measured,
      calibration.loadedLatency(.reads, threads: allThreads).isEmpty
        ? "end points only: idle latency, and the latency that Little's law gives at the most bandwidth of all threads"
        : "a random chase beside threads that read, copy, write, or write past the caches with pauses; the last point is "
          + "the most that all threads' streams moved, where that is more")
    // A guest cannot see the peak of the memory channels; the highest measured traffic is the nearest figure.
    let peak = curves.flatMap(\.points).map(\.gigabytesPerSecond).max() ?? all
    note("memory[0].peak_gbps", .measured, "the most that any traffic of all threads moved, far outside the last cache")
    note("memory[0].idle_latency_ns", .measured, "random pointer chase far outside the last cache")
    let rows = randomRows.rates(level: levels.count)
    if !rows.isEmpty {
      note("memory[0].random_rows", .measured, "random reads of whole rows far outside the last cache, one thread")
    }
    let pieces = randomRows.rates(.inPieces, level: levels.count)
    if !pieces.isEmpty {
      note(
        "memory[0].random_row_pieces", .measured,
        "the same of rows read in \(Calibration.piecesPerRow) pieces, 128 rows side by side")
    }
    var memory = MemoryDescription(
      name: "memory", peakGigabytesPerSecond: rounded(max(peak, all)), idleLatencyNanoseconds: rounded(latency),
      curve: curves.sorted { $0.readRatio < $1.readRatio }, linesInFlightPerCore: rounded(linesInFlight),
      randomLinesInFlightPerCore: random.map(rounded), writeGigabytesPerSecondPerCore: writes.map(rounded),
      streamStoreGigabytesPerSecondPerCore: streamStores.map(rounded))
    memory.randomRows = rows
    memory.randomRowPieces = pieces
    return memory
  }

  /// Loaded latency of memory under the traffic of all threads, for each kind of traffic that was measured. `reads`
  /// is the rate of all threads' reads in GB/s, `latency` the idle one in ns.
  private func curves(reads: Double, latency: Double, linesInFlight: Double) -> [LoadedLatencyCurve] {
    // A copy moves three bytes for every two copied, because the destination is read before it is written
    // (write-allocate). For other traffic the streams of all threads may not have been measured.
    func most(_ traffic: MicroBenchmarks.Traffic) -> Double? {
      switch traffic {
      case .reads: reads
      case .copies: calibration.value(Calibration.Name.copyBandwidth, threads: allThreads).map { $0 * 1.5 }
      case .writes: calibration.value(Calibration.Name.writeBandwidth, threads: allThreads).map { $0 * 2 }
      case .writesPastCaches: calibration.value(Calibration.Name.streamStoreBandwidth, threads: allThreads)
      }
    }
    return MicroBenchmarks.Traffic.allCases.compactMap { traffic -> LoadedLatencyCurve? in
      let points = allThreads > 1 ? calibration.loadedLatency(traffic, threads: allThreads) : []
      let most = most(traffic)
      guard !points.isEmpty || (most != nil && (traffic == .reads || traffic == .copies)) else { return nil }
      return LoadedLatencyCurve(
        readRatio: rounded(traffic.readRatio), measured: points, idle: latency, most: most,
        linesInFlight: Double(allThreads) * linesInFlight)?.rounded()
    }
  }

  /// Nil on a machine with one memory node, and where remote memory was not measured.
  private mutating func numa() -> NUMADescription? {
    guard let latency = calibration.value(Calibration.Name.remoteLatency) else { return nil }
    let link = calibration.value(Calibration.Name.remoteReadBandwidth, threads: allThreads)
    note("numa.nodes", .vendor, "as the operating system reports them")
    note("numa.remote_latency_ns", .measured, "random pointer chase in the farthest node's memory")
    if link != nil {
      note("numa.link_gbps", .measured, "sequential reads of the farthest node by all threads of one socket")
    }
    return NUMADescription(
      nodes: topology.nodes.filter { !$0.cpus.isEmpty }.count, remoteLatencyNanoseconds: rounded(latency),
      linkGigabytesPerSecond: link.map(rounded))
  }

  /// Rounds to three decimals; more would claim a precision that no micro-benchmark has.
  private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

extension LoadedLatencyCurve {
  fileprivate func rounded() -> LoadedLatencyCurve {
    func three(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
    return LoadedLatencyCurve(
      readRatio: readRatio,
      points: points.map { Point(gigabytesPerSecond: three($0.gigabytesPerSecond), nanoseconds: three($0.nanoseconds)) }
    )
  }
}

extension Topology {
  /// Physical cores of the socket that a machine file describes: the one with the first CPU that this process may
  /// use.
  public var socketCores: Int { max(1, cores(of: cpus)) }

  /// The physical cores of that socket that this process may use.
  public var allowedSocketCores: Int { max(1, cores(of: allowedCPUs.compactMap(cpu))) }

  private func cores(of cpus: [LogicalCPU]) -> Int {
    let package = allowedCPUs.first.flatMap(cpu)?.package
    return Set(cpus.filter { $0.package == package }.map(\.core)).count
  }

  /// Whether there are several memory nodes with CPUs.
  var hasRemoteMemory: Bool { nodes.filter { !$0.cpus.isEmpty }.count > 1 }
}

extension Calibration {
  /// The comparison of the latency curve with the capacities that the operating system reports.
  public func cacheVerdicts(_ topology: Topology) -> [CacheBoundaries.Verdict] {
    let caches = topology.dataCaches(of: topology.allowedCPUs.first ?? 0)
    return boundaries(Name.loadLatency, leastRise: Calibration.leastLatencyRise).compare(
      with: caches.compactMap { cache in cache.sizeBytes.map { ("L\(cache.level)", $0) } })
  }

  /// Levels of current CPUs differ by a factor of two or more in latency; a page walk on every load adds less than a
  /// third to a cache's latency.
  public static let leastLatencyRise = 1.35
  /// In bandwidth some adjacent levels differ only by a fifth.
  public static let leastBandwidthRise = 1.15
}

extension CacheBoundaries.Verdict {
  /// `latency climbs at 480KiB, within one measured size`.
  public var sentence: String {
    guard let boundary else { return "latency does not climb there" }
    let range =
      "latency climbs at \(formatByteCount(boundary.bytes)) "
      + "(\(formatByteCount(boundary.lastInside)) to \(formatByteCount(boundary.firstOutside)))"
    return agrees ? "\(range), within one measured size" : "\(range), which differs by more than one measured size"
  }
}
