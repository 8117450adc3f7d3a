import Profiler
import RunStore
import Statistics

/// All samples of one micro-benchmark at one setting.
public struct CalibrationSeries: Equatable, Codable, Sendable {
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

  public enum Parameter: Hashable, Codable, Sendable {
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

  /// Samples in a row whose mean is believed: 5, of a millisecond each, as long as a pass over a few hundred tokens. What a
  /// machine gives for a single millisecond no kernel gets; on a host shared with others it is up to a fifth more.
  static let sustainedSamples = 5

  /// What is sustained while others disturb least: the shortest mean time, or the rate of the shortest mean time per unit, of
  /// `sustainedSamples` in a row, or of all where there are fewer. Nil where no sample was taken.
  public var sustained: Double? {
    let isTime = unit == MicroBenchmarkResult.Unit.nanoseconds.rawValue
    let times = isTime ? samples : samples.map { 1 / $0 }
    let length = min(CalibrationSeries.sustainedSamples, times.count)
    let means = (0...(times.count - length)).map { times[$0..<$0 + length].reduce(0, +) / Double(length) }
    return length > 0 ? means.min().map { isTime ? $0 : 1 / $0 } : nil
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
