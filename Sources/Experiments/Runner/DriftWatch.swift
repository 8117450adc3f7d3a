import Profiler

/// Judges the sentinel's readings: how fast the machine is beside a point, relative to the beginning of the run.
public struct DriftWatch {
  /// A point is flagged where a reading before or after it differs from the reference by more than this. Ten times the
  /// interval that points aim at by default, and about twice what readings on a quiet virtual machine scatter.
  public static let threshold = 0.1
  /// The reference is the median of this many first readings, of which one may be disturbed.
  static let referenceReadings = 3

  private var references: [DriftSentinel.Benchmark: Double] = [:]
  private var latest: [DriftSentinel.Benchmark: Double] = [:]

  /// Goes on from the readings of an earlier part of the run.
  init(_ rows: [SentinelRow] = []) {
    for benchmark in DriftSentinel.Benchmark.allCases {
      let first = rows.filter { $0.benchmark == benchmark.rawValue }.prefix(Self.referenceReadings).map(\.value)
      if first.count == Self.referenceReadings { references[benchmark] = Self.median(first) }
    }
  }

  var hasReference: Bool { !references.isEmpty }

  mutating func setReference(_ readings: [DriftSentinel.Reading]) {
    for benchmark in DriftSentinel.Benchmark.allCases {
      let values = readings.filter { $0.benchmark == benchmark }.map(\.value)
      if !values.isEmpty { references[benchmark] = Self.median(values) }
    }
  }

  /// A reading over the reference; 1 without one.
  func relative(_ reading: DriftSentinel.Reading) -> Double {
    references[reading.benchmark].map { reading.value / $0 } ?? 1
  }

  /// What to note at a point with these readings after it, and those of the call before in front of it.
  mutating func note(_ readings: [DriftSentinel.Reading]) -> String? {
    var moved: [String] = []
    for reading in readings {
      let after = relative(reading)
      let before = latest[reading.benchmark] ?? after
      latest[reading.benchmark] = after
      guard max(abs(before - 1), abs(after - 1)) > Self.threshold else { continue }
      moved.append("\(reading.benchmark.rawValue) \(Self.percent(before)) before and \(Self.percent(after)) after")
    }
    return moved.isEmpty
      ? nil : "the machine's speed moved beside this point: \(moved.joined(separator: ", ")) (of the run's beginning)"
  }

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  private static func median(_ values: some Collection<Double>) -> Double { quantile(values.sorted(), 0.5) }
}
