import Profiler
import RunStore
import Statistics
import Support

/// Judges the sentinel's readings: the machine's speed around a point, relative to the run as a whole.
public struct DriftWatch {
  /// A launch is flagged where a reading before or after it differs from the reference by more than this: ten times the
  /// interval that points aim at by default.
  public static let threshold = 0.1

  /// The median of all readings of a run, by run and benchmark. The first readings would be no reference: other load
  /// at the start of a run would then flag every point.
  private var references: [Key: Double] = [:]
  /// Readings by run, in the order of time.
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

  /// The reading as a fraction of the reference.
  public func relative(_ row: SentinelRow) -> Double { references[Key(row)].map { row.value / $0 } ?? 1 }

  /// Whether a reading is beyond the threshold.
  public func exceedsThreshold(_ row: SentinelRow) -> Bool { abs(relative(row) - 1) > Self.threshold }

  /// The note for a launch that passed, by the readings before and after it; nil where both are within the threshold.
  func note(_ attempt: AttemptRow) -> String? {
    guard let rows = readings[attempt.runID] else { return nil }
    let end = attempt.startNanoseconds.addingReportingOverflow(
      Int(rounding: (attempt.seconds ?? 0) * 1e9, .down) ?? .max
    ).partialValue
    let moved = DriftSentinel.Benchmark.allCases.compactMap { benchmark -> String? in
      let own = rows.filter { $0.benchmark == benchmark.rawValue }
      let before = own.last { $0.startNanoseconds <= attempt.startNanoseconds }
      let after = own.first { $0.startNanoseconds >= end }
      guard [before, after].compactMap({ $0 }).contains(where: exceedsThreshold) else { return nil }
      func share(_ row: SentinelRow?) -> String {
        row.flatMap { Int(rounding: relative($0) * 100).map { "\($0) %" } } ?? "unknown"
      }
      return "\(benchmark.rawValue) \(share(before)) before and \(share(after)) after"
    }
    return moved.isEmpty
      ? nil
      : "the machine's speed moved beside launch \(attempt.launch): \(moved.joined(separator: ", ")) (of the run's median)"
  }
}

extension RunStore {
  /// Notes at every measured point around which of its launches the machine's speed changed. The notes are made anew
  /// each time, because the reference is the whole run.
  func noteDrift() throws {
    let watch = DriftWatch(try rows())
    let notes = try rows(AttemptRow.self).filter { $0.status == .passed }.compactMap { attempt in
      watch.note(attempt).map {
        NoteRow(
          runID: attempt.runID, pointID: attempt.pointID, launch: attempt.launch, kind: .drift, text: $0)
      }
    }
    try replaceNotes(.drift, by: notes)
  }
}
