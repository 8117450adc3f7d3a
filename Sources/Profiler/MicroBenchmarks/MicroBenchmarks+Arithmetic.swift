import CMicroBenchmarks
import Support

/// Arithmetic rates and the clock of a core.
extension MicroBenchmarks {
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
      samples: samples.rates(operationsPerIteration), path: path,
      workingSetBytes: nil, cpus: pool.verifiedCPUs, placements: [],
      disturbedSamples: samples.disturbed)
  }

  /// The peak of the dot-product instruction for `type`, in operations (two per product) over all of the pool's threads.
  /// Throws `NotAvailable` with the reason where this CPU has no such instruction.
  public static func dotProductPeak(
    _ type: DotProduct, pool: PinnedPool, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    if let reason = type.missing { throw NotAvailable(key: "\(type.rawValue)_peak", reason) }
    let operationsPerIteration = microbench_dot_product(type.code, 1) * Double(pool.threadCount)
    let samples = sample(pool: pool, repetitions: repetitions) { _, iterations in
      _ = microbench_dot_product(type.code, iterations)
    }
    return MicroBenchmarkResult(
      name: "\(type.rawValue)_peak", unit: type == .int8 ? .gigaoperationsPerSecond : .gigaflopsPerSecond,
      samples: samples.rates(operationsPerIteration), path: nil,
      workingSetBytes: nil, cpus: pool.verifiedCPUs, placements: [],
      disturbedSamples: samples.disturbed)
  }

  /// Depth of the product's panels, and the number of each. As in a BLAS, a block of A of four panels lies in the
  /// second-level cache (288 KiB with AVX-512), and panels of B pass through the first (12 KiB each).
  private static let productDepth = 384
  private static let productPanels = (a: 4, b: 16)

  /// GFLOP/s of a register-tiled matrix product on packed panels, over all of the pool's threads: multiply-adds with
  /// operands from the caches, as in a BLAS, but without packing and edges.
  public static func productRate(
    path: VectorPath = .widest, pool: PinnedPool, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    try require(path)
    let rows = microbench_product_rows(path.code)
    let columns = microbench_product_columns(path.code)
    let floats = (
      a: rows * productDepth * productPanels.a, b: columns * productDepth * productPanels.b, c: rows * columns
    )
    let memory = try BenchmarkMemory(bytesPerThread: (floats.a + floats.b + floats.c) * 4, pool: pool)
    func product(_ thread: Int, _ passes: Int) -> Double {
      let a = memory.parts[thread].base.assumingMemoryBound(to: Float.self)
      return microbench_product(
        path.code, a, productPanels.a, a + floats.a, productPanels.b, a + floats.a + floats.b, productDepth, passes)
    }
    let operations = product(0, 1) * Double(pool.threadCount)
    let samples = sample(pool: pool, repetitions: repetitions) { thread, passes in _ = product(thread, passes) }
    return MicroBenchmarkResult(
      name: "product_rate", unit: .gigaflopsPerSecond,
      samples: samples.rates(operations), path: path,
      workingSetBytes: nil, cpus: pool.verifiedCPUs, placements: memory.placements,
      disturbedSamples: samples.disturbed)
  }

  /// The core clock in GHz, from dependent additions that take one cycle each. It needs no PMU.
  ///
  /// Empty on architectures without the loop. Stolen time only lowers a sample.
  public static func coreFrequency(pool: PinnedPool, repetitions: Int = 10) -> MicroBenchmarkResult {
    let adds: UInt64 = 64 * 1024
    let samples =
      microbench_dependent_adds(0)
      ? sample(pool: pool, repetitions: repetitions) { _, iterations in
        for _ in 0..<iterations { _ = microbench_dependent_adds(adds) }
      } : Samples(iterations: 0)
    return MicroBenchmarkResult(
      name: "core_frequency", unit: .gigahertz,
      samples: samples.rates(Double(adds)), path: nil, workingSetBytes: nil,
      cpus: pool.verifiedCPUs, placements: [],
      disturbedSamples: samples.disturbed)
  }
}
