import Profiler
import Support

/// The micro-benchmarks of a calibration in their order, and their results so far.
struct CalibrationBench {
  private let topology: Topology
  private let extent: CalibrationExtent
  private let rounds: Int
  /// Capacities in bytes of one CPU's data caches, from the first to the last.
  private let caches: [Int]
  /// A chase through all memory of the single thread, which is measured first; the chases under load reuse it on the
  /// same CPU.
  private var chase: ChaseCycle?
  private(set) var calibration = Calibration(ceilings: [])

  init(topology: Topology, extent: CalibrationExtent, rounds: Int) {
    self.topology = topology
    self.extent = extent
    self.rounds = rounds
    caches = topology.dataCaches(of: topology.allowedCPUs.first ?? 0).compactMap(\.sizeBytes)
      .map(extent.cacheBytes)
  }

  private var repetitions: Int { extent.repetitions }
  /// Repetitions of a benchmark that is measured in one go.
  private var allRepetitions: Int { rounds * extent.repetitions }

  /// Measures everything for `threads` threads; a single thread comes first.
  mutating func measure(threads: Int) throws {
    let pool = try PinnedPool(cpus: topology.cpus(for: .compact, threads: threads))
    let memory = try self.memory(of: pool)
    for _ in 0..<rounds {
      try arithmetic(pool, memory)
      try streams(pool, memory)
      try randomRows(pool, memory)
      if threads == 1 { try latency(pool, memory) }
    }
    try interleavedLatency(pool, memory)
    if threads == 1 {
      try chases(pool, memory)
      chase = try ChaseCycle.all(in: memory, bytes: memory.bytesPerThread, pool: pool).first
    } else {
      try loadedLatency(pool, memory)
    }
    if extent == .full {
      try remoteMemory(pool, bytesPerThread: memory.bytesPerThread)
      ceiling(MicroBenchmarks.forkJoin(pool: pool, repetitions: allRepetitions), Calibration.Name.forkJoin, pool)
      ceiling(MicroBenchmarks.barrier(pool: pool, repetitions: allRepetitions), Calibration.Name.barrier, pool)
    }
  }

  // MARK: - Parts

  private mutating func arithmetic(_ pool: PinnedPool, _ memory: BenchmarkMemory) throws {
    if pool.threadCount == 1 || extent == .full {
      ceiling(MicroBenchmarks.coreFrequency(pool: pool, repetitions: repetitions), Calibration.Name.frequency, pool)
    }
    ceiling(
      try MicroBenchmarks.multiplyAddPeak(pool: pool, repetitions: repetitions), Calibration.Name.multiplyAddPeak, pool)
    for type in DotProduct.allCases {
      if let reason = type.missing {
        calibration.missing[type.ceilingName] = reason
      } else {
        ceiling(
          try MicroBenchmarks.dotProductPeak(type, pool: pool, repetitions: repetitions), type.ceilingName, pool)
      }
    }
    if extent == .full {
      for path in VectorPath.available.dropFirst() {
        ceiling(
          try MicroBenchmarks.multiplyAddPeak(path: path, pool: pool, repetitions: repetitions),
          Calibration.Name.multiplyAddPeak(path), pool)
      }
    }
    if pool.threadCount == 1 {
      ceiling(try MicroBenchmarks.productRate(pool: pool, repetitions: repetitions), Calibration.Name.productRate, pool)
      let rowSets = Calibration.levelSets(caches).dropFirst().map { min($0, memory.bytesPerThread) }
      for (name, result) in try CoreConstants.measure(
        pool: pool, memory: memory, rowSets: rowSets, repetitions: repetitions)
      { ceiling(result, name, pool) }
    }
  }

  private mutating func streams(_ pool: PinnedPool, _ memory: BenchmarkMemory) throws {
    let all = extent.workingSets(upTo: memory.bytesPerThread)
    let levels = Calibration.levelSets(caches).dropLast() + [memory.bytesPerThread]
    for stream in MicroBenchmarks.Stream.allCases {
      let sizes: [Int]
      switch (extent, stream) {
      case (.full, _), (_, .read): sizes = all
      case (_, .write) where pool.threadCount == 1: sizes = Array(levels)
      // Each curve under load ends at the bandwidth of the streams of all threads.
      case (_, .write), (_, .writePastCaches), (_, .copy): sizes = [memory.bytesPerThread]
      }
      for size in sizes {
        ceiling(
          try MicroBenchmarks.bandwidth(
            stream, workingSetBytes: size, pool: pool, memory: memory, repetitions: repetitions),
          Calibration.Name.bandwidth(stream), pool)
      }
    }
  }

  private mutating func randomRows(_ pool: PinnedPool, _ memory: BenchmarkMemory) throws {
    let isAlone = pool.threadCount == 1
    guard isAlone || extent == .full else { return }
    let levels = Calibration.levelSets(caches).map { min($0, memory.bytesPerThread) }
    // The last level's capacity is sought between half of its reported size and twice that, in steps of 1.5.
    let last = caches.last ?? 0
    let around = [last / 2, last * 3 / 4, last, last * 3 / 2, last * 2].filter { isAlone && $0 >= 16 << 10 }
    let profile = extent.workingSets(upTo: memory.bytesPerThread).filter { isAlone && $0 >= 16 << 10 }
    for bytes in isAlone ? Calibration.randomRowSizes : [Calibration.profiledRowSize, 2048] {
      let sizes = bytes == Calibration.profiledRowSize ? Set(levels + around + profile) : Set(levels)
      for size in sizes.sorted() {
        ceiling(
          try MicroBenchmarks.randomRowBandwidth(
            workingSetBytes: size, rowBytes: bytes, pool: pool, memory: memory, repetitions: repetitions),
          Calibration.Name.randomRows(bytes), pool)
      }
    }
    guard isAlone else { return }
    for bytes in Calibration.randomRowPieceSizes {
      for size in levels {
        ceiling(
          try MicroBenchmarks.randomRowBandwidth(
            workingSetBytes: size, rowBytes: bytes * Calibration.piecesPerRow, pieceBytes: bytes, pool: pool,
            memory: memory, repetitions: repetitions),
          Calibration.Name.randomRowPieces(bytes), pool)
      }
    }
  }

  private mutating func latency(_ pool: PinnedPool, _ memory: BenchmarkMemory) throws {
    let sizes = extent.workingSets(upTo: memory.bytesPerThread)
    for size in sizes {
      ceiling(
        try MicroBenchmarks.latency(workingSetBytes: size, pool: pool, memory: memory, repetitions: repetitions),
        Calibration.Name.loadLatency, pool)
    }
    guard extent == .full, let largest = sizes.last else { return }
    let pages = try BenchmarkMemory(bytesPerThread: largest, pool: pool, pages: .base)
    // Below 128 KiB every first-level TLB (at least 32 entries) covers the working set, so that both curves are
    // equal.
    for size in CalibrationExtent.quick.workingSets(upTo: largest) where size >= 128 << 10 {
      ceiling(
        try MicroBenchmarks.latency(workingSetBytes: size, pool: pool, memory: pages, repetitions: repetitions),
        Calibration.Name.basePageLatency, pool)
    }
  }

  private mutating func chases(_ pool: PinnedPool, _ memory: BenchmarkMemory) throws {
    // In the first level a line arrives before the next load is issued.
    let levels = Calibration.levelSets(caches)
    let sizes = extent == .full ? levels.dropFirst().dropLast() + [memory.bytesPerThread] : [memory.bytesPerThread]
    for size in sizes {
      let results = try MicroBenchmarks.independentChases(
        workingSetBytes: size, pool: pool, memory: memory, repetitions: allRepetitions)
      for (chains, result) in zip(MicroBenchmarks.chainCounts, results) {
        calibration.add(
          CalibrationSeries(result, Calibration.Name.independentChases, threads: 1, parameter: .chains(chains)))
      }
    }
  }

  /// One thread chases while all others make traffic.
  private mutating func loadedLatency(_ pool: PinnedPool, _ memory: BenchmarkMemory) throws {
    guard let chase else { return }
    for traffic in MicroBenchmarks.Traffic.allCases {
      for pause in extent.pauses {
        loaded(
          try MicroBenchmarks.loadedLatency(
            traffic, loadingThreads: pool.threadCount - 1, pause: pause, pool: pool, memory: memory, chase: chase,
            repetitions: extent.loadedRepetitions),
          Calibration.Name.loadedBandwidth(traffic), Calibration.Name.loadedLatency(traffic), pool, .pause(pause))
      }
    }
  }

  private mutating func interleavedLatency(_ pool: PinnedPool, _ memory: BenchmarkMemory) throws {
    guard !extent.linesPerLoad.isEmpty else { return }
    // Half of the memory is for the chase and half for the traffic; together they are still eight times the last
    // cache, through which traffic sweeps.
    let chases = try ChaseCycle.all(in: memory, bytes: memory.bytesPerThread / 2, pool: pool)
    for traffic in MicroBenchmarks.Traffic.allCases {
      for lines in extent.linesPerLoad {
        loaded(
          try MicroBenchmarks.interleavedLatency(
            traffic, linesPerLoad: lines, pool: pool, memory: memory, chases: chases, repetitions: allRepetitions),
          Calibration.Name.interleavedBandwidth(traffic), Calibration.Name.interleavedLatency(traffic), pool,
          .linesPerLoad(lines))
      }
    }
  }

  private mutating func remoteMemory(_ pool: PinnedPool, bytesPerThread: Int) throws {
    guard topology.hasRemoteMemory else { return }
    let memory = try BenchmarkMemory(bytesPerThread: bytesPerThread, pool: pool, policy: .remote)
    ceiling(
      try MicroBenchmarks.bandwidth(
        .read, workingSetBytes: bytesPerThread, pool: pool, memory: memory, repetitions: allRepetitions),
      Calibration.Name.remoteReadBandwidth, pool)
    guard pool.threadCount == 1 else { return }
    ceiling(
      try MicroBenchmarks.latency(
        workingSetBytes: bytesPerThread, pool: pool, memory: memory, repetitions: allRepetitions),
      Calibration.Name.remoteLatency, pool)
  }

  // MARK: - Keeping

  private mutating func ceiling(_ result: MicroBenchmarkResult, _ name: String, _ pool: PinnedPool) {
    calibration.add(CalibrationSeries(result, name, threads: pool.threadCount))
  }

  private mutating func loaded(
    _ result: MicroBenchmarks.LoadedLatency, _ bandwidth: String, _ latency: String, _ pool: PinnedPool,
    _ parameter: CalibrationSeries.Parameter
  ) {
    for (name, unit, samples) in [
      (bandwidth, MicroBenchmarkResult.Unit.gigabytesPerSecond, result.bandwidth),
      (latency, MicroBenchmarkResult.Unit.nanoseconds, result.latency),
    ] {
      calibration.add(
        CalibrationSeries(
          name: name, threads: pool.threadCount, parameter: parameter, unit: unit.rawValue, samples: samples,
          disturbedSamples: result.disturbedSamples))
    }
  }

  /// Throws `SystemError` where the process may not have enough memory to tell memory from a cache, since figures
  /// from less would be false.
  private func memory(of pool: PinnedPool) throws -> BenchmarkMemory {
    let bytes = try memorySet(threads: pool.threadCount)
    do { return try BenchmarkMemory(bytesPerThread: bytes, pool: pool) } catch let refused as SystemError {
      let all = CheckedSize(bytes) * pool.threadCount
      throw SystemError(
        call: "calibration", code: refused.code,
        advice: "it takes \(all.bytesText), eight times the last cache for each that threads use: allow more memory; "
          + "\(refused.advice ?? refused.call)")
    }
  }

  /// Bytes of each thread's memory: eight times the last cache, which then serves at most an eighth of the accesses.
  /// Threads that share a last cache divide this amount, down to eight times the cache before the last.
  private func memorySet(threads: Int) throws -> Int {
    let last = caches.last ?? 32 << 20
    guard threads > 1 else { return 8 * last }
    let cpus = try topology.cpus(for: .compact, threads: threads)
    let sharers = Dictionary(grouping: cpus) { topology.cpu($0)?.cluster }.values.map(\.count).max() ?? 1
    let share = max(8 * last / sharers, 8 * (caches.dropLast().last ?? 0), 1 << 20)
    // A power of two, so that it continues the series of working sets.
    return 1 << (Int.bitWidth - (share - 1).leadingZeroBitCount)
  }
}
