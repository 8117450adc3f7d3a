import Kernels
import Profiler

/// What a host's machine file says of one core's arithmetic, from the micro-benchmarks of `Calibration`.
struct CoreConstants {
  private let calibration: Calibration

  init(_ calibration: Calibration) { self.calibration = calibration }

  /// The ceilings behind the constants, all of one thread; `rowSets` are working sets of the second level and those beyond.
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

  /// Row pieces of the default strategy: 64 fp32 columns.
  static let rowBytes = 256
  /// Within every first-level cache.
  private static let firstLevelSet = 16 << 10

  /// Cycles of a dependent multiply-add; nil where the clock or it was not measured.
  var latencyCycles: Double? {
    guard let latency = calibration.value(Name.latency), let frequency else { return nil }
    return latency * frequency
  }

  var issueWidth: Double? {
    guard let rate = calibration.value(Name.instructionRate), let frequency else { return nil }
    return rate / frequency
  }

  /// Vector operations under way, from polynomials of s = 16 steps. Per vector they take s / units cycles at the peak and, where
  /// only so many operations wait at a time, s x latency x s / window; as the model does, both add up in squares.
  var schedulerWindow: Double? {
    guard let rate = calibration.value(Name.chainRate), let latencyCycles, let frequency,
      let peak = calibration.value(Calibration.Name.multiplyAddPeak), rate > 0, frequency > 0
    else { return nil }
    let steps = Double(MicroBenchmarks.chainSteps)
    // Cycles of one vector: two operations for each step and lane.
    let lanes = Double(ISA.best.vectorLanes)
    let taken = 2 * steps * lanes * frequency / rate
    let throughput = 2 * steps * lanes * frequency / peak
    let waiting = taken * taken - throughput * throughput
    // A core that hides the chains altogether: its window is at least what that takes.
    let least = steps * latencyCycles * steps / throughput
    return waiting > 0 ? min(steps * latencyCycles * steps / waiting.squareRoot(), 4 * least) : 4 * least
  }

  /// Share of the shorter of work and transfers that hides behind the longer: rows from the second level read (r), added up
  /// in the first level (w), and both at once (b), per byte: b = max(r, w) + (1 - overlap) min(r, w).
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
