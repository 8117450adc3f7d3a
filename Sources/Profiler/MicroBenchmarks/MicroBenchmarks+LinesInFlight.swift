import CMicroBenchmarks
import Support

/// The number of independent random loads that one core keeps in flight: its memory-level parallelism without
/// prefetchers.
extension MicroBenchmarks {
  /// Numbers of chains to try: beyond 64 the loads of one round no longer fit the reorder buffer of current cores.
  public static let chainCounts = [1, 2, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64]

  /// Bandwidth in GB/s of `chains` simultaneous random chases on every thread of the pool, one result for each entry
  /// of `counts`. One chain gives the latency; once more chains are no faster, all lines in flight are used.
  ///
  /// All chains run along one random cycle through all lines of the working set, evenly spaced, so that no chain soon
  /// reaches lines that another has loaded.
  public static func independentChases(
    chains counts: [Int] = chainCounts, workingSetBytes: Int, pool: PinnedPool, pages: PageKind = .transparentHuge,
    policy: MemoryPolicy = .local, memory shared: BenchmarkMemory? = nil, seed: UInt64 = 1, repetitions: Int = 10
  ) throws -> [MicroBenchmarkResult] {
    let most = counts.max() ?? 1
    precondition(counts.allSatisfy { $0 > 0 }, "expected at least 1 chain, found \(counts)")
    let bytes = rounded(workingSetBytes, to: lineBytes)
    let lines = bytes / lineBytes
    precondition(lines >= most, "expected at least \(most) lines, one for each chain, found \(lines)")
    let memory = try memory(shared, bytes: bytes, pool: pool, pages: pages, policy: policy)
    let starts = pool.map { thread in
      microbench_link_lines(memory.parts[thread].base, lines, seed)
      return evenlySpaced(most, along: memory.parts[thread].base, lines: lines)
    }
    // The stride is a whole number of kilobytes, so that threads' positions never share a line.
    let stride = (most + 127) / 128 * 128
    let positions = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: stride * pool.threadCount)
    defer { positions.deallocate() }
    return counts.map { chains in
      for (thread, starts) in starts.enumerated() {
        // Takes every (most / chains)-th of the starts.
        for chain in 0..<chains { (positions + thread * stride + chain).initialize(to: starts[chain * most / chains]) }
      }
      let loads = max(1, 1024 / chains)
      let samples = sample(pool: pool, repetitions: repetitions) { thread, passes in
        microbench_chase_together(positions + thread * stride, chains, loads * passes)
      }
      return MicroBenchmarkResult(
        name: "independent_chases", unit: .gigabytesPerSecond,
        samples: samples.rates(Double(loads * chains * lineBytes * pool.threadCount)), path: nil,
        workingSetBytes: bytes, cpus: pool.verifiedCPUs, placements: memory.placements,
        disturbedSamples: samples.disturbed)
    }
  }

  /// `count` places along the cycle that begins at `start`, with as many links between them as the cycle allows.
  static func evenlySpaced(
    _ count: Int, along start: UnsafeMutableRawPointer, lines: Int
  ) -> [UnsafeMutableRawPointer?] {
    var places: [UnsafeMutableRawPointer?] = [start]
    for index in 1..<max(1, count) {
      let links = index * lines / count - (index - 1) * lines / count
      places.append(microbench_chase(places[index - 1], links))
    }
    return places
  }
}
