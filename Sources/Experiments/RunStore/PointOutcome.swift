/// The result of running one point in one process: its measurements and counts.
public struct PointOutcome: Codable, Equatable, Sendable {
  public var result: ResultRow
  public var samples: [SampleRow]
  public var counters: [CounterRow]
  public var metrics: [MetricRow]
  public var stageTimes: [StageTimeRow]
  public var tuning: [TuningRow]
  public var notes: [NoteRow]

  public init(
    result: ResultRow, samples: [SampleRow] = [], counters: [CounterRow] = [], metrics: [MetricRow] = [],
    stageTimes: [StageTimeRow] = [], tuning: [TuningRow] = [], notes: [NoteRow] = []
  ) {
    self.result = result
    self.samples = samples
    self.counters = counters
    self.metrics = metrics
    self.stageTimes = stageTimes
    self.tuning = tuning
    self.notes = notes
  }

  /// All rows except the result itself, by table.
  var rows: [[any RunRow]] { [samples, counters, metrics, stageTimes, tuning, notes] }
}
