import Profiler
import RunStore
import Statistics

/// All samples of one micro-benchmark at one setting.
public struct CalibrationSeries: Equatable, Codable, Sendable {
  public var name: String
  public var threads: Int
  /// Bytes over all threads; nil where memory plays no role.
  public var workingSetBytes: Int?
  /// The further parameter that was varied, with its value, such as 8 chains.
  public var parameter: Parameter?
  public var unit: String
  /// Samples in the order in which they were taken.
  public var samples: [Double]
  /// The number of samples during which a thread lost its CPU.
  public var disturbedSamples: Int

  public enum Parameter: Hashable, Codable, Sendable {
    /// Independent concurrent chases on each thread.
    case chains(Int)
    /// Iterations of an empty loop after every 512 bytes of traffic.
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

  /// Nil without samples.
  public var statistics: Statistics? { Statistics(samples) }

  /// The number of successive samples whose mean counts as sustained: 5, of a millisecond each, as long as a pass
  /// over a few hundred tokens. On a host shared with others, a single millisecond can be up to a fifth faster than
  /// any kernel sustains.
  static let sustainedSamples = 5

  /// The least disturbed sustained value: the shortest mean time, or the rate of the shortest mean time per unit, of
  /// `sustainedSamples` successive samples, or of all where there are fewer. Nil without samples.
  public var sustained: Double? {
    let isTime = unit == MicroBenchmarkResult.Unit.nanoseconds.rawValue
    let times = isTime ? samples : samples.map { 1 / $0 }
    let length = min(CalibrationSeries.sustainedSamples, times.count)
    let means = (0...(times.count - length)).map { times[$0..<$0 + length].reduce(0, +) / Double(length) }
    return length > 0 ? means.min().map { isTime ? $0 : 1 / $0 } : nil
  }

  /// Whether both are samples of one micro-benchmark at one setting.
  func isSame(as other: CalibrationSeries) -> Bool {
    name == other.name && threads == other.threads && workingSetBytes == other.workingSetBytes
      && parameter == other.parameter
  }

  /// The series as a row of ceilings.csv, which has no parameter.
  var ceiling: CeilingRow {
    let statistics = statistics
    return CeilingRow(
      name: name, threads: threads, workingSetBytes: workingSetBytes, value: statistics?.median ?? .nan, unit: unit,
      ci95Low: statistics?.interval?.low, ci95High: statistics?.interval?.high, n: statistics?.count)
  }
}
