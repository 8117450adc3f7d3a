import Profiler

/// All samples of one micro-benchmark at one setting.
public struct CalibrationSeries: Equatable, Sendable {
  public var name: String
  public var threads: Int
  /// Over all threads; nil where memory plays no role.
  public var workingSetBytes: Int?
  /// What else was varied, and its value, such as 8 chains.
  public var parameter: Parameter?
  public var unit: String
  /// In the order they were taken.
  public var samples: [Double]
  /// Samples in the list during which a thread had lost its CPU.
  public var disturbedSamples: Int

  public enum Parameter: Hashable, Sendable {
    /// Independent chases side by side on each thread.
    case chains(Int)
    /// Turns of an empty loop after every 512 bytes of traffic.
    case pause(Int)
    /// Lines of traffic after every dependent load.
    case linesPerLoad(Int)

    public var name: String {
      switch self {
      case .chains: "chains"
      case .pause: "pause"
      case .linesPerLoad: "lines_per_load"
      }
    }

    public var value: Int {
      switch self {
      case .chains(let value), .pause(let value), .linesPerLoad(let value): value
      }
    }
  }

  public init(
    name: String, threads: Int, workingSetBytes: Int? = nil, parameter: Parameter? = nil, unit: String,
    samples: [Double], disturbedSamples: Int = 0
  ) {
    self.name = name
    self.threads = threads
    self.workingSetBytes = workingSetBytes
    self.parameter = parameter
    self.unit = unit
    self.samples = samples
    self.disturbedSamples = disturbedSamples
  }

  init(_ result: MicroBenchmarkResult, _ name: String, threads: Int, parameter: Parameter? = nil) {
    self.init(
      name: name, threads: threads, workingSetBytes: result.workingSetBytes.map { $0 * threads }, parameter: parameter,
      unit: result.unit.rawValue, samples: result.samples, disturbedSamples: result.disturbedSamples)
  }

  /// Nil where no sample was taken.
  public var statistics: Statistics? { Statistics(samples) }

  /// The sample least disturbed by others: the shortest time, the highest rate. Nil where no sample was taken.
  public var best: Double? {
    unit == MicroBenchmarkResult.Unit.nanoseconds.rawValue ? samples.min() : samples.max()
  }

  /// Whether both are of one micro-benchmark at one setting.
  func isSame(as other: CalibrationSeries) -> Bool {
    name == other.name && threads == other.threads && workingSetBytes == other.workingSetBytes
      && parameter == other.parameter
  }

  /// As a row of ceilings.csv, which has no parameter.
  var ceiling: CeilingRow {
    let statistics = statistics
    return CeilingRow(
      name: name, threads: threads, workingSetBytes: workingSetBytes, value: statistics?.median ?? .nan, unit: unit,
      ci95Low: statistics?.interval?.low, ci95High: statistics?.interval?.high, n: statistics?.count)
  }
}
