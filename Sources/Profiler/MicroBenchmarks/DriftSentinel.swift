import CMicroBenchmarks

/// A fixed piece of work that is timed repeatedly between other work. A change of its speed is a change of the
/// machine's: heat, a neighbour's load, a power limit.
///
/// It runs as one thread on the first CPU that the process may use, which every placement except an explicit list
/// uses too. Its memory and its thread live as long as the sentinel, so that a reading costs about 20 ms and nothing
/// else changes between two readings.
public final class DriftSentinel {
  public enum Benchmark: String, CaseIterable, Codable, Sendable {
    /// fp32 multiply-adds in registers, which depend on the clock.
    case compute
    /// Reading 64 MiB in order, from memory or a larger last-level cache, which depends on the neighbours' load.
    case memory

    public var unit: String { self == .compute ? "GFLOP/s" : "GB/s" }
  }

  /// The median of `n` repetitions, in the benchmark's unit.
  public struct Reading: Equatable, Sendable {
    public var benchmark: Benchmark
    public var value: Double
    public var n: Int

    public init(benchmark: Benchmark, value: Double, n: Int) {
      self.benchmark = benchmark
      self.value = value
      self.n = n
    }
  }

  /// Of 5 repetitions two may be disturbed.
  private static let repetitions = 5
  /// Far larger than any L2, except in a rehearsal.
  private static let memoryBytes = BuildConfiguration.isRehearsal ? 1 << 20 : 64 << 20

  private let pool: PinnedPool
  private let memory: PlacedMemory
  private let path = VectorPath.widest
  /// Iterations that take about a millisecond, the same for all readings.
  private let iterations: Int

  public init(topology: Topology) throws {
    pool = try PinnedPool(cpus: Array(topology.allowedCPUs.prefix(1)))
    memory = try PlacedMemory(
      bytes: Self.memoryBytes, pages: .transparentHuge, policy: .local, owners: pool.verifiedCPUs, topology: topology)
    try memory.touch(by: pool)
    var iterations = 1
    let path = path
    while pool.timed({ _ in _ = microbench_multiply_add(path.code, iterations) }) < MicroBenchmarks.minimumSampleNs,
      iterations < 1 << 40
    { iterations *= 2 }
    self.iterations = iterations
  }

  /// One reading of each benchmark.
  public func read() -> [Reading] {
    let operations = pool.map { _ in microbench_multiply_add(path.code, iterations) }[0]
    return [
      reading(.compute, work: operations) { [path, iterations] in _ = microbench_multiply_add(path.code, iterations) },
      reading(.memory, work: Double(Self.memoryBytes)) { [path, memory] in
        microbench_read(path.code, memory.base, Self.memoryBytes, 1)
      },
    ]
  }

  /// `work` operations or bytes divided by nanoseconds, which is 10^9 per second.
  private func reading(_ benchmark: Benchmark, work: Double, _ body: () -> Void) -> Reading {
    let times = (0..<Self.repetitions).map { _ in pool.timed { _ in body() } }.sorted()
    return Reading(
      benchmark: benchmark, value: work / Double(max(1, times[times.count / 2])), n: times.count)
  }
}
