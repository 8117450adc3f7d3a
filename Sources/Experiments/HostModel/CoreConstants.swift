import Kernels
import Profiler

/// The arithmetic constants of one core in a host's machine file, from the micro-benchmarks of `Calibration`.
struct CoreConstants {
  private let calibration: Calibration

  init(_ calibration: Calibration) { self.calibration = calibration }

  /// Measures the ceilings behind the constants, all on one thread; `rowSets` are working sets of the second level
  /// and those beyond.
  static func measure(pool: PinnedPool, memory: BenchmarkMemory, rowSets: [Int], repetitions: Int) throws -> [(
    name: String, result: MicroBenchmarkResult
  )] {
    func busyRows(_ set: Int) throws -> MicroBenchmarkResult {
      try MicroBenchmarks.randomRowBandwidth(
        workingSetBytes: set, rowBytes: rowBytes, isBusy: true, pool: pool, memory: memory, repetitions: repetitions)
    }
    return try [
      (Name.latency, try MicroBenchmarks.multiplyAddLatency(pool: pool, repetitions: repetitions)),
      (Name.chainRate, try MicroBenchmarks.chainRate(pool: pool, repetitions: repetitions)),
      (Name.instructionRate, MicroBenchmarks.instructionRate(pool: pool, repetitions: repetitions)),
    ] + ([firstLevelSet] + rowSets).map { (Name.busyRows, try busyRows($0)) }
  }

  enum Name {
    static let latency = "multiply_add_latency"
    static let chainRate = "chain_rate_fp32"
    static let instructionRate = "instruction_rate"
    /// Random rows of 256 bytes with three multiply-adds on every vector.
    static let busyRows = "busy_rows_\(rowBytes)b_bandwidth"
  }

  /// The row pieces of the default strategy in bytes: 64 fp32 columns.
  static let rowBytes = 256
  /// A working set in bytes that fits every first-level cache.
  private static let firstLevelSet = 16 << 10

  /// Cycles of a dependent multiply-add; nil where the clock or the latency was not measured.
  var latencyCycles: Double? {
    guard let latency = calibration.value(Name.latency), let frequency else { return nil }
    return latency * frequency
  }

  var issueWidth: Double? {
    guard let rate = calibration.value(Name.instructionRate), let frequency else { return nil }
    return rate / frequency
  }

  /// The number of vector operations in flight, from polynomials of s = 16 steps. Per vector they take s / units
  /// cycles at the peak and, where the scheduler holds only `window` operations, s x latency x s / window. As in the
  /// model, both add up in squares.
  var schedulerWindow: Double? {
    guard let rate = calibration.value(Name.chainRate), let latencyCycles, let frequency,
      let peak = calibration.value(Calibration.Name.multiplyAddPeak), rate > 0, frequency > 0
    else { return nil }
    let steps = Double(MicroBenchmarks.chainSteps)
    // The cycles of one vector: two operations for each step and lane.
    let lanes = Double(ISA.best.vectorLanes)
    let taken = 2 * steps * lanes * frequency / rate
    let throughput = 2 * steps * lanes * frequency / peak
    let waiting = taken * taken - throughput * throughput
    // A core that hides the chains completely has at least the window that this takes.
    let least = steps * latencyCycles * steps / throughput
    return waiting > 0 ? min(steps * latencyCycles * steps / waiting.squareRoot(), 4 * least) : 4 * least
  }

  /// The share of the shorter of work and transfers that hides behind the longer. From times per byte of reading rows
  /// from the second level (r), of adding them up in the first level (w), and of both at once (b): b = max(r, w) + (1
  /// - overlap) min(r, w).
  func overlap(rowSet: Int) -> Double? {
    guard let reading = calibration.value(Calibration.Name.randomRows(CoreConstants.rowBytes), workingSetBytes: rowSet),
      let working = calibration.value(Name.busyRows, workingSetBytes: CoreConstants.firstLevelSet),
      let both = calibration.value(Name.busyRows, workingSetBytes: rowSet), reading > 0, working > 0, both > 0
    else { return nil }
    let longer = max(1 / reading, 1 / working)
    let shorter = min(1 / reading, 1 / working)
    return min(1, max(0, 1 - (1 / both - longer) / shorter))
  }

  private var frequency: Double? { calibration.value(Calibration.Name.frequency) }
}
