/// The raw samples of one micro-benchmark at one point.
public struct MicroBenchmarkResult: Codable, Equatable, Sendable {
  public enum Unit: String, Codable, Sendable {
    case gigaflopsPerSecond = "GFLOP/s"
    /// 10^9 whole-number additions and multiplications per second.
    case gigaoperationsPerSecond = "GOP/s"
    /// 10^9 bytes per second, over all threads.
    case gigabytesPerSecond = "GB/s"
    case nanoseconds = "ns"
    case gigahertz = "GHz"
  }

  public var name: String
  public var unit: Unit
  /// One value per repetition, in the order they were taken.
  public var samples: [Double]
  public var path: VectorPath?
  /// Bytes that each thread works on; nil where the benchmark uses no memory.
  public var workingSetBytes: Int?
  public var cpus: [Int]
  /// Where each thread's memory lies.
  public var placements: [PlacementReport]
  /// How many of the samples were taken while a worker lost its CPU.
  public var disturbedSamples = 0

  /// Nil where no sample was taken.
  public var median: Double? {
    guard !samples.isEmpty else { return nil }
    let sorted = samples.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The least disturbed sample: the shortest latency, or the highest rate. A ceiling uses it.
  public var best: Double? { unit == .nanoseconds ? samples.min() : samples.max() }
}
