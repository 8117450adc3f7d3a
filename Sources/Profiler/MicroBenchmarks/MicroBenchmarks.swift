import CMicroBenchmarks
import InputFiles

/// Measurements of one limit of the machine each. They return raw samples; choosing among them is the caller's business.
///
/// Each sample repeats its loop until it takes at least `minimumSampleNs`, found by doubling beforehand, which also warms
/// caches and clocks. Bandwidths count the bytes that the loop asks for: a copy counts reads plus writes, without the
/// write-allocate reads that the hardware adds.
public enum MicroBenchmarks {
  /// A millisecond: a hundred thousand times the clock's resolution, and short enough to slip between two time slices of
  /// a busy neighbour.
  public static let minimumSampleNs: UInt64 = 1_000_000

  // MARK: - Arithmetic

  /// The fp32 multiply-add peak, in GFLOP/s over all of the pool's threads.
  public static func multiplyAddPeak(
    path: VectorPath = .widest, pool: PinnedPool, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    try require(path)
    let operationsPerIteration = microbench_multiply_add(path.code, 1) * Double(pool.threadCount)
    let samples = sample(pool: pool, repetitions: repetitions) { _, iterations in
      _ = microbench_multiply_add(path.code, iterations)
    }
    return MicroBenchmarkResult(
      name: "multiply_add_peak", unit: .gigaflopsPerSecond,
      samples: samples.map { operationsPerIteration * Double($0.iterations) / Double($0.ns) }, path: path,
      workingSetBytes: nil, cpus: pool.verifiedCPUs, placements: [])
  }

  /// The peak of the dot-product instruction for `type`, in operations (two per product) over all of the pool's threads.
  /// Throws `InputError` with the reason where this CPU has none that is known here.
  public static func dotProductPeak(
    _ type: DotProduct, pool: PinnedPool, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    if let reason = type.missing { throw InputError(key: "\(type.rawValue)_peak", reason) }
    let operationsPerIteration = microbench_dot_product(type.code, 1) * Double(pool.threadCount)
    let samples = sample(pool: pool, repetitions: repetitions) { _, iterations in
      _ = microbench_dot_product(type.code, iterations)
    }
    return MicroBenchmarkResult(
      name: "\(type.rawValue)_peak", unit: type == .int8 ? .gigaoperationsPerSecond : .gigaflopsPerSecond,
      samples: samples.map { operationsPerIteration * Double($0.iterations) / Double($0.ns) }, path: nil,
      workingSetBytes: nil, cpus: pool.verifiedCPUs, placements: [])
  }

  /// Depth of the product's panels, and how many of each there are: as in a BLAS, a block of A of four panels lies in the
  /// second-level cache (288 KiB with AVX-512) and panels of B pass through the first (12 KiB each).
  private static let productDepth = 384
  private static let productPanels = (a: 4, b: 16)

  /// GFLOP/s of a register-tiled matrix product on packed panels: multiply-adds whose operands come from the caches, as in
  /// a BLAS, without its packing and its edges. Over all of the pool's threads.
  public static func productRate(
    path: VectorPath = .widest, pool: PinnedPool, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    try require(path)
    let rows = microbench_product_rows(path.code)
    let columns = microbench_product_columns(path.code)
    let floats = (
      a: rows * productDepth * productPanels.a, b: columns * productDepth * productPanels.b, c: rows * columns
    )
    let memory = try ownMemory(
      bytes: (floats.a + floats.b + floats.c) * 4, pool: pool, pages: .transparentHuge, policy: .local)
    func product(_ thread: Int, _ passes: Int) -> Double {
      let a = memory[thread].base.assumingMemoryBound(to: Float.self)
      return microbench_product(
        path.code, a, productPanels.a, a + floats.a, productPanels.b, a + floats.a + floats.b, productDepth, passes)
    }
    let operations = product(0, 1) * Double(pool.threadCount)
    let samples = sample(pool: pool, repetitions: repetitions) { thread, passes in _ = product(thread, passes) }
    return MicroBenchmarkResult(
      name: "product_rate", unit: .gigaflopsPerSecond,
      samples: samples.map { operations * Double($0.iterations) / Double($0.ns) }, path: path,
      workingSetBytes: nil, cpus: pool.verifiedCPUs, placements: memory.map { $0.verify() })
  }

  /// The core clock, in GHz, from additions that wait for each other and take one cycle each. Needs no PMU.
  ///
  /// Empty on architectures without the loop. Time stolen by others only ever lowers a sample.
  public static func coreFrequency(pool: PinnedPool, repetitions: Int = 10) -> MicroBenchmarkResult {
    let adds: UInt64 = 64 * 1024
    let samples =
      microbench_dependent_adds(0)
      ? sample(pool: pool, repetitions: repetitions) { _, iterations in
        for _ in 0..<iterations { _ = microbench_dependent_adds(adds) }
      } : []
    return MicroBenchmarkResult(
      name: "core_frequency", unit: .gigahertz,
      samples: samples.map { Double(adds) * Double($0.iterations) / Double($0.ns) }, path: nil, workingSetBytes: nil,
      cpus: pool.verifiedCPUs, placements: [])
  }

  // MARK: - Memory

  public enum Stream: String, CaseIterable, Codable, Sendable {
    case read
    case write
    /// Non-temporal stores.
    case writePastCaches = "write_past_caches"
    case copy
  }

  /// Sequential bandwidth in GB/s, summed over the pool's threads, each in `workingSetBytes` of its own memory.
  ///
  /// The working set is rounded up to 512 bytes; a copy has half of it as source and half as destination.
  public static func bandwidth(
    _ stream: Stream = .read, workingSetBytes: Int, pool: PinnedPool, path: VectorPath = .widest,
    pages: PageKind = .transparentHuge, policy: MemoryPolicy = .local, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    try require(path)
    let step = Int(MICROBENCH_STEP) * (stream == .copy ? 2 : 1)
    let bytes = try rounded(workingSetBytes, to: step)
    let memory = try ownMemory(bytes: bytes, pool: pool, pages: pages, policy: policy)
    let samples = sample(pool: pool, repetitions: repetitions) { thread, passes in
      let base = memory[thread].base
      switch stream {
      case .read: microbench_read(path.code, base, bytes, passes)
      case .write: microbench_write(path.code, base, bytes, passes)
      case .writePastCaches: microbench_write_past_caches(path.code, base, bytes, passes)
      case .copy: microbench_copy(path.code, base + bytes / 2, base, bytes / 2, passes)
      }
    }
    let bytesPerPass = Double(bytes * pool.threadCount)
    return MicroBenchmarkResult(
      name: "\(stream.rawValue)_bandwidth", unit: .gigabytesPerSecond,
      samples: samples.map { bytesPerPass * Double($0.iterations) / Double($0.ns) }, path: path,
      workingSetBytes: bytes, cpus: pool.verifiedCPUs, placements: memory.map { $0.verify() })
  }

  /// Bandwidth of reading whole rows in random order, in GB/s over the pool's threads: the access pattern of a table
  /// look-up without its arithmetic; `isBusy` with several multiply-adds on every vector read, which a core may or may not
  /// do while it waits for rows. Each thread has its own table and its own precomputed list of rows.
  public static func randomRowBandwidth(
    workingSetBytes: Int, rowBytes: Int = 2048, isBusy: Bool = false, pool: PinnedPool, path: VectorPath = .widest,
    pages: PageKind = .transparentHuge, policy: MemoryPolicy = .local, seed: UInt64 = 1, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    try require(path)
    guard rowBytes > 0, rowBytes % Int(MICROBENCH_ROW_STEP) == 0 else {
      throw InputError(key: "rowBytes", "expected a positive multiple of \(MICROBENCH_ROW_STEP), found \(rowBytes)")
    }
    let bytes = try rounded(workingSetBytes, to: rowBytes)
    let rows = bytes / rowBytes
    guard rows <= Int(UInt32.max) else { throw InputError(key: "workingSetBytes", "expected at most 2^32 rows") }
    let memory = try ownMemory(bytes: bytes, pool: pool, pages: pages, policy: policy)
    // As many look-ups as rows, so that a pass covers the working set and not a small hot part of it. At least 16,384, too
    // many for a predictor to learn; at most a million, so that a pass stays below a second. The list's own 4 bytes per
    // row vanish beside the row.
    let count = min(max(rows, 16_384), 1 << 20)
    let lists = (0..<pool.threadCount).map { thread in
      var generator = XorShift64(seed: seed &+ UInt64(thread) &* 0x9E37_79B9_7F4A_7C15)
      return (0..<count).map { _ in UInt32(truncatingIfNeeded: generator.next(below: rows)) }
    }
    let samples = sample(pool: pool, repetitions: repetitions) { thread, passes in
      let base = memory[thread].base
      lists[thread].withUnsafeBufferPointer { list in
        let read = isBusy ? microbench_busy_rows : microbench_read_rows
        for _ in 0..<passes { read(path.code, base, rowBytes, list.baseAddress, list.count) }
      }
    }
    let bytesPerPass = Double(count) * Double(rowBytes) * Double(pool.threadCount)
    return MicroBenchmarkResult(
      name: "random_row_bandwidth", unit: .gigabytesPerSecond,
      samples: samples.map { bytesPerPass * Double($0.iterations) / Double($0.ns) }, path: path,
      workingSetBytes: bytes, cpus: pool.verifiedCPUs, placements: memory.map { $0.verify() })
  }

  /// Load-to-use latency in nanoseconds: a chase along one random cycle through all 64-byte lines of the working set.
  ///
  /// Every thread of the pool chases at once; one thread gives the idle latency. Each sample is the slowest thread's.
  public static func latency(
    workingSetBytes: Int, pool: PinnedPool, pages: PageKind = .transparentHuge, policy: MemoryPolicy = .local,
    seed: UInt64 = 1, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    let line = 64
    let bytes = try rounded(workingSetBytes, to: line)
    let memory = try ownMemory(bytes: bytes, pool: pool, pages: pages, policy: policy)
    // One round before the first sample, where it does not take long, so that caches hold what they will hold.
    let warmUp = min(bytes / line, 1 << 21)
    pool.run { thread in
      microbench_link_lines(memory[thread].base, bytes / line, seed)
      _ = microbench_chase(memory[thread].base, warmUp)
    }
    // Continuing where the last sample ended keeps a sample that is shorter than the cycle from re-reading what it has
    // just brought into the caches.
    let positions = UnsafeMutableBufferPointer<UnsafeMutableRawPointer>.allocate(capacity: pool.threadCount)
    defer { positions.deallocate() }
    for thread in positions.indices { positions[thread] = memory[thread].base }
    let loads = 1024
    let samples = sample(pool: pool, repetitions: repetitions) { thread, passes in
      positions[thread] = microbench_chase(positions[thread], loads * passes)
    }
    return MicroBenchmarkResult(
      name: "load_latency", unit: .nanoseconds,
      samples: samples.map { Double($0.ns) / Double(loads * $0.iterations) }, path: nil, workingSetBytes: bytes,
      cpus: pool.verifiedCPUs, placements: memory.map { $0.verify() })
  }

  // MARK: - Sampling

  static func sample(
    pool: PinnedPool, repetitions: Int, _ body: (_ thread: Int, _ iterations: Int) -> Void
  ) -> [(iterations: Int, ns: UInt64)] {
    var iterations = 1
    while pool.timed({ body($0, iterations) }) < minimumSampleNs && iterations < 1 << 40 { iterations *= 2 }
    return (0..<max(0, repetitions)).map { _ in
      // A time of 0 cannot happen after the doubling, but must not divide.
      (iterations, max(1, pool.timed { body($0, iterations) }))
    }
  }

  static func ownMemory(
    bytes: Int, pool: PinnedPool, pages: PageKind, policy: MemoryPolicy
  ) throws -> [PlacedMemory] {
    let topology = Topology.read()
    return try (0..<pool.threadCount).map { thread in
      let memory = try PlacedMemory(
        bytes: bytes, pages: pages, policy: policy, owners: [pool.verifiedCPUs[thread]], topology: topology)
      try memory.touch(by: pool, thread: thread)
      return memory
    }
  }

  static func require(_ path: VectorPath) throws {
    guard path.isAvailable else {
      let known = VectorPath.available.map(\.rawValue).joined(separator: ", ")
      throw InputError(key: "path", "expected a vector path of this CPU (\(known)), found \(path.rawValue)")
    }
  }

  private static func rounded(_ bytes: Int, to step: Int) throws -> Int {
    guard bytes > 0, bytes <= Int.max - step else {
      throw InputError(key: "workingSetBytes", "expected at least 1 byte, found \(bytes)")
    }
    return (bytes + step - 1) / step * step
  }
}

/// Marsaglia's xorshift64*: the same sequence on every machine for one seed.
struct XorShift64 {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed | 1
  }

  /// Uniform in 0..<bound, without the modulo's bias (Lemire's multiplication).
  mutating func next(below bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int((state &* 0x2545_F491_4F6C_DD1D).multipliedFullWidth(by: UInt64(bound)).high)
  }
}
