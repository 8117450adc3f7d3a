/// The cost of coordinating threads.
extension MicroBenchmarks {
  /// Nanoseconds from handing empty work to the pool until all workers have done it, as measured by the caller, whose
  /// sleep and wake-up in the kernel are included.
  public static func forkJoin(pool: PinnedPool, repetitions: Int = 10) -> MicroBenchmarkResult {
    let forks = 100
    for _ in 0..<forks { pool.run { _ in } }
    let samples = (0..<repetitions).map { _ in
      let start = Clock.now()
      for _ in 0..<forks { pool.run { _ in } }
      return Double(Clock.now() - start) / Double(forks)
    }
    return MicroBenchmarkResult(
      name: "fork_join", unit: .nanoseconds, samples: samples, path: nil, workingSetBytes: nil, cpus: pool.verifiedCPUs,
      placements: [])
  }

  /// Nanoseconds for all workers of the pool to pass its barrier once all are running.
  public static func barrier(pool: PinnedPool, repetitions: Int = 10) -> MicroBenchmarkResult {
    let samples = sample(pool: pool, repetitions: repetitions) { _, meetings in
      for _ in 0..<meetings { pool.barrier() }
    }
    return MicroBenchmarkResult(
      name: "barrier", unit: .nanoseconds, samples: samples.times(1), path: nil, workingSetBytes: nil,
      cpus: pool.verifiedCPUs, placements: [], disturbedSamples: samples.disturbed)
  }
}
