import CacheModel
import Foundation
import InputFiles
import Kernels
import Profiler

extension Machine {
  /// The name of the machine that describes the host of a run.
  public static let hostName = "host"

  /// This host as the model sees it: geometry as the operating system reports it, rates and latencies as `calibration`
  /// measured them. No kernel's result enters.
  public static func host(_ calibration: Calibration, topology: Topology, vendor: String?, model: String?) throws
    -> Machine
  {
    guard let frequency = calibration.value(Calibration.Name.frequency) else {
      throw InputError(key: "frequency_ghz", "expected a measured core frequency; this architecture has no loop for it")
    }
    let cpu = topology.allowedCPUs.first ?? 0
    let levels = topology.dataCaches(of: cpu)
    let allThreads = calibration.ceilings.map(\.threads).max() ?? 1
    let isAMD = vendor == "AuthenticAMD"
    var provenance: [String: Provenance] = [:]
    func note(_ key: String, _ tag: Provenance.Tag, _ source: String) {
      provenance[key] = Provenance(tag: tag, source: source)
    }

    let randomRows = RandomRows(calibration, cacheSizes: levels.compactMap(\.sizeBytes))
    note("caches", .vendor, "geometry as the operating system reports it")
    note("memory", .measured, "micro-benchmarks far outside the last cache")
    let caches = try levels.enumerated().map { index, cache in
      guard let size = cache.sizeBytes, let ways = cache.ways, let line = cache.lineBytes else {
        throw InputError(
          key: "caches[\(index)]", "expected the system to report size, ways and line of L\(cache.level)")
      }
      // The level's own plateau: from half as large again as the level above to three quarters of its capacity. Random
      // loads stop at four times the level above: a random cycle through a large shared cache returns to a line so late
      // that other users of the cache, which every virtual machine has, may have evicted it.
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
      note("caches[\(index)].inclusion", .assumed, isAMD ? "as documented for Zen" : "as most server CPUs")
      note("caches[\(index)].policy", .assumed, "true replacement is undocumented")
      let inclusion: InclusionKind
      switch (isAMD, cache.level) {
      case (true, 2): inclusion = .inclusive
      case (true, 3...): inclusion = .victim
      default: inclusion = .nine
      }
      let rows = randomRows.rates(level: index, per: frequency)
      if !rows.isEmpty {
        note("caches[\(index)].random_rows", .measured, "random reads of whole rows within the level / core frequency")
      }
      var held = size
      if index == levels.count - 1, index > 0, randomRows.lastLevelBytes < size {
        held = max(randomRows.lastLevelBytes / (ways * line), 1) * ways * line
        note(
          "caches[\(index)].size", .measured,
          "what random reads find in it; the operating system reports \(size >> 10) KiB, shared with other guests")
      }
      let cores = Set(cache.sharedCPUs.compactMap { topology.cpu($0)?.core }).count
      return CacheDescription(
        name: "L\(cache.level)", sizeBytes: held, ways: ways, lineBytes: line, sharedByCores: max(1, cores),
        latencyCycles: latency.map { rounded($0 * frequency) },
        bytesPerCycle: bandwidth.map { rounded($0 / frequency) }, randomRows: rows,
        policy: .lru, inclusion: inclusion)
    }

    var simd = try vectorUnits(calibration, frequency: frequency)
    if let product = calibration.value(Calibration.Name.productRate),
      let peak = calibration.value(Calibration.Name.multiplyAddPeak), product > 0, peak > 0
    {
      simd.productShare = min(1, rounded(product / peak))
      note("simd.product_share", .measured, "register-tiled product on packed panels / multiply-add peak")
    }
    let core = CoreConstants(calibration)
    simd.latencyCycles = core.latencyCycles.map(rounded)
    simd.window = core.window.map(rounded)
    simd.issueWidth = core.issueWidth.map(rounded)
    let overlap = isAMD ? core.overlap(rowSet: Calibration.secondLevelSet(levels.compactMap(\.sizeBytes))) : nil
    if overlap != nil { note("overlap", .measured, "random rows of the second level, read, added up, and both at once") }
    note("simd", .measured, "multiply-add peaks / (2 x core frequency), of fp32 rounded to whole units")
    note("frequency_ghz", .measured, "dependent additions, one a cycle")
    note("cores", .vendor, "as the operating system reports them")
    note(
      "transfers_overlap", .assumed,
      isAMD ? "transfers overlap on Zen (Laukemann et al.)" : "transfers add up on Intel server cores (Hofmann et al.)")
    var memory = try memory(calibration, allThreads: allThreads)
    memory.randomRows = randomRows.rates(level: levels.count)
    if !memory.randomRows.isEmpty {
      note("memory[0].random_rows", .measured, "random reads of whole rows far outside the last cache, one thread")
    }
    note(
      "memory[0].peak_gbps", .measured, "the most that reads or copies of all threads moved, far outside the last cache"
    )
    note("memory[0].idle_latency_ns", .measured, "random pointer chase far outside the last cache")
    note("memory[0].lines_in_flight_per_core", .measured, "Little's law on one thread's sequential reads")
    note(
      "memory[0].curve", .measured,
      "end points only: idle latency, and the latency that Little's law gives at the most bandwidth of all threads")
    return Machine(
      name: hostName, description: model ?? "this host", sources: ["micro-benchmarks of this run"],
      cores: topology.coreCount, frequencyGHz: rounded(frequency), simd: simd, caches: caches,
      transfersOverlap: isAMD, overlap: overlap.map(rounded), memory: [memory], provenance: provenance)
  }

  private static func vectorUnits(_ calibration: Calibration, frequency: Double) throws -> VectorUnits {
    guard let peak = calibration.value(Calibration.Name.multiplyAddPeak) else {
      throw InputError(key: "simd", "expected a measured multiply-add peak, found none")
    }
    let lanes = ISA.best.vectorLanes
    let units = peak / (2 * Double(lanes) * frequency)
    // Two operations a multiply-add. As measured, not rounded: how many a cycle starts is not known beforehand.
    func perCycle(_ type: ElementType) -> Double? {
      calibration.value(Calibration.Name.multiplyAddPeak(type)).map { rounded($0 / (2 * frequency)) }
    }
    // Half a unit of this width is one of half the width, as on a core that splits its vectors.
    let isSplit = units < 0.75
    return VectorUnits(
      isa: ISA.best.rawValue, widthBits: (isSplit ? 16 : 32) * lanes, fmaUnits: isSplit ? 1 : Int(units.rounded()),
      bf16PerCycle: perCycle(.bf16), int8PerCycle: perCycle(.int8))
  }

  private static func memory(_ calibration: Calibration, allThreads: Int) throws -> MemoryDescription {
    let one = calibration.ceilings.last { $0.name == Calibration.Name.readBandwidth && $0.threads == 1 }?.value
    let all = calibration.ceilings.last { $0.name == Calibration.Name.readBandwidth && $0.threads == allThreads }?.value
    let latency = calibration.ceilings.last { $0.name == Calibration.Name.loadLatency }?.value
    guard let one, let all, let latency, one > 0, all > 0, latency > 0 else {
      throw InputError(key: "memory", "expected measured bandwidth and latency, found none")
    }
    let line = 64.0
    // Little's law: bandwidth x latency / line.
    let linesInFlight = one * latency / line
    func loaded(at most: Double) -> Double { max(latency, Double(allThreads) * linesInFlight * line / most) }
    var curves = [LoadedLatencyCurve(readRatio: 1, points: [point(0, latency), point(all, loaded(at: all))])]
    if let copy = calibration.value(Calibration.Name.copyBandwidth, threads: allThreads) {
      // A copy of two bytes moves three: the destination is read before it is written (write-allocate).
      let moved = copy * 1.5
      curves.append(
        LoadedLatencyCurve(readRatio: rounded(2.0 / 3), points: [point(0, latency), point(moved, loaded(at: moved))]))
    }
    // The pins' own peak is hidden from a guest; the most that any stream moved is the nearest thing to it.
    let most = curves.flatMap(\.points).map(\.gigabytesPerSecond).max() ?? all
    return MemoryDescription(
      name: "memory", peakGigabytesPerSecond: rounded(most), idleLatencyNanoseconds: rounded(latency),
      curve: curves.sorted { $0.readRatio < $1.readRatio }, linesInFlightPerCore: rounded(linesInFlight))
  }

  private static func point(_ bandwidth: Double, _ nanoseconds: Double) -> LoadedLatencyCurve.Point {
    LoadedLatencyCurve.Point(gigabytesPerSecond: rounded(bandwidth), nanoseconds: rounded(nanoseconds))
  }

  /// Three decimals: more would claim a precision that no micro-benchmark has.
  private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
