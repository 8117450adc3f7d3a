/// What it costs to make threads work together.
extension MicroBenchmarks {
  /// Nanoseconds from handing empty work to the pool until all workers have done it, as the caller sees it: its way into
  /// the kernel, where it sleeps meanwhile, and out again included.
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

  /// Nanoseconds for all workers of the pool to meet at its barrier, once they are there.
  public static func barrier(pool: PinnedPool, repetitions: Int = 10) -> MicroBenchmarkResult {
    let samples = sample(pool: pool, repetitions: repetitions) { _, meetings in
      for _ in 0..<meetings { pool.barrier() }
    }
    return MicroBenchmarkResult(
      name: "barrier", unit: .nanoseconds, samples: samples.times(1), path: nil, workingSetBytes: nil,
      cpus: pool.verifiedCPUs, placements: [], disturbedSamples: samples.disturbed)
  }
}
