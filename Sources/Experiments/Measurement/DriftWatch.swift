import Profiler
import RunStore
import Statistics
import Support

/// Judges the sentinel's readings: how fast the machine was beside a point, relative to the run as a whole.
public struct DriftWatch {
  /// A launch is flagged where a reading before or after it differs from the reference by more than this: ten times the
  /// interval that points aim at by default.
  public static let threshold = 0.1

  /// The median of all readings of a run, by run and benchmark. Not the first ones: a neighbour that was busy when the run
  /// began would make every point suspect.
  private var references: [Key: Double] = [:]
  /// By run, in the order of time.
  private var readings: [String: [SentinelRow]] = [:]

  private struct Key: Hashable {
    var runID: String
    var benchmark: String

    init(_ row: SentinelRow) {
      runID = row.runID
      benchmark = row.benchmark
    }
  }

  public init(_ rows: [SentinelRow]) {
    references = Dictionary(grouping: rows, by: Key.init).mapValues { quantile($0.map(\.value).sorted(), 0.5) }
    readings = Dictionary(grouping: rows, by: \.runID).mapValues {
      $0.sorted { $0.startNanoseconds < $1.startNanoseconds }
    }
  }

  /// A reading over the reference.
  public func relative(_ row: SentinelRow) -> Double { references[Key(row)].map { row.value / $0 } ?? 1 }

  /// Whether a reading is beyond the threshold.
  public func isOff(_ row: SentinelRow) -> Bool { abs(relative(row) - 1) > Self.threshold }

  static let notePrefix = "the machine's speed moved beside "

  /// What to note of a launch that passed, by the readings next to it; nil where the machine was as usual.
  func note(_ attempt: AttemptRow) -> String? {
    guard let rows = readings[attempt.runID] else { return nil }
    let end = attempt.startNanoseconds.addingReportingOverflow(
      Int(rounding: (attempt.seconds ?? 0) * 1e9, .down) ?? .max
    ).partialValue
    let moved = DriftSentinel.Benchmark.allCases.compactMap { benchmark -> String? in
      let own = rows.filter { $0.benchmark == benchmark.rawValue }
      let before = own.last { $0.startNanoseconds <= attempt.startNanoseconds }
      let after = own.first { $0.startNanoseconds >= end }
      guard [before, after].compactMap({ $0 }).contains(where: isOff) else { return nil }
      func share(_ row: SentinelRow?) -> String {
        row.flatMap { Int(rounding: relative($0) * 100).map { "\($0) %" } } ?? "unknown"
      }
      return "\(benchmark.rawValue) \(share(before)) before and \(share(after)) after"
    }
    return moved.isEmpty
      ? nil
      : "\(Self.notePrefix)launch \(attempt.launch): \(moved.joined(separator: ", ")) (of the run's median)"
  }
}

extension RunStore {
  /// Notes at every point that is measured beside which of its launches the machine's speed moved: anew each time, for the
  /// reference is the whole run.
  func noteDrift() throws {
    let watch = DriftWatch(try rows())
    let attempts = Dictionary(grouping: try rows(AttemptRow.self).filter { $0.status == .passed }, by: \.pointID)
    try replaceNotes(
      startingWith: DriftWatch.notePrefix,
      by: attempts.mapValues { $0.sorted { $0.launch < $1.launch }.compactMap { watch.note($0) } })
  }
}
