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
  /// Bytes that each thread works on; nil where memory plays no role.
  public var workingSetBytes: Int?
  public var cpus: [Int]
  /// Where each thread's memory was found to lie.
  public var placements: [PlacementReport]
  /// How many samples are in the list although a worker lost its CPU while they were taken.
  public var disturbedSamples = 0

  /// Nil where no sample was taken.
  public var median: Double? {
    guard !samples.isEmpty else { return nil }
    let sorted = samples.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The sample least disturbed by others: the shortest latency, the highest rate. What a *ceiling* means.
  public var best: Double? { unit == .nanoseconds ? samples.min() : samples.max() }
}
