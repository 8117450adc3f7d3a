import CMicroBenchmarks

/// Issue rate of instructions, and dependent arithmetic.
extension MicroBenchmarks {
  /// 10^9 instructions per second of several kinds with few dependencies.
  ///
  /// Empty on architectures without the loop.
  public static func instructionRate(pool: PinnedPool, repetitions: Int = 10) -> MicroBenchmarkResult {
    let count: UInt64 = 14 * 4096
    var words = [[UInt64]](repeating: [0, 0, 0, 0], count: pool.threadCount)
    let samples = words.withUnsafeMutableBufferPointer { words -> Samples in
      // Unchecked: each thread writes the words at its own index alone.
      nonisolated(unsafe) let words = words
      return microbench_instructions(&words[0], 0)
        ? sample(pool: pool, repetitions: repetitions) { thread, iterations in
          for _ in 0..<iterations { _ = microbench_instructions(&words[thread], count) }
        } : Samples(iterations: 0)
    }
    return MicroBenchmarkResult(
      name: "instruction_rate", unit: .gigaoperationsPerSecond, samples: samples.rates(Double(count)), path: nil,
      workingSetBytes: nil, cpus: pool.verifiedCPUs, placements: [], disturbedSamples: samples.disturbed)
  }

  /// Steps of a polynomial in `chainRate`.
  public static let chainSteps = Int(MICROBENCH_CHAIN)

  /// Nanoseconds of a dependent multiply-add.
  public static func multiplyAddLatency(
    path: VectorPath = .widest, pool: PinnedPool, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    try require(path)
    let count = 4096
    let samples = sample(pool: pool, repetitions: repetitions) { _, iterations in
      for _ in 0..<iterations { microbench_dependent_multiply_adds(path.code, count) }
    }
    return MicroBenchmarkResult(
      name: "multiply_add_latency", unit: .nanoseconds,
      samples: samples.times(Double(count)), path: path, workingSetBytes: nil, cpus: pool.verifiedCPUs, placements: [],
      disturbedSamples: samples.disturbed)
  }

  /// GFLOP/s of polynomials of 16 steps, vector after vector, over all of the pool's threads: chains of dependent
  /// multiply-adds that only out-of-order execution overlaps. Each thread works on 8 KiB, which every first-level
  /// cache holds.
  public static func chainRate(
    path: VectorPath = .widest, pool: PinnedPool, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    try require(path)
    let bytes = 8 << 10
    let memory = try BenchmarkMemory(bytesPerThread: bytes, pool: pool, pages: .transparentHuge, policy: .local)
    let samples = sample(pool: pool, repetitions: repetitions) { thread, passes in
      microbench_polynomials(path.code, memory.parts[thread].base.assumingMemoryBound(to: Float.self), bytes, passes)
    }
    let operations = 2 * Double(MICROBENCH_CHAIN) * Double(bytes / 4) * Double(pool.threadCount)
    return MicroBenchmarkResult(
      name: "chain_rate", unit: .gigaflopsPerSecond,
      samples: samples.rates(operations), path: path, workingSetBytes: bytes, cpus: pool.verifiedCPUs,
      placements: memory.placements, disturbedSamples: samples.disturbed)
  }
}
