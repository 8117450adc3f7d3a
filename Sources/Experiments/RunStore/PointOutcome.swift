/// All that comes of running one point in one process.
public struct PointOutcome: Codable, Equatable, Sendable {
  public var result: ResultRow
  public var samples: [SampleRow]
  public var counters: [CounterRow]
  public var metrics: [MetricRow]
  public var stages: [StageRow]
  public var projections: [ProjectionRow]
  public var sensitivities: [SensitivityRow]
  public var tuning: [TuningRow]
  public var notes: [NoteRow]
  /// The access stream that ran, see `Projector.streamKey`; nil where nothing ran.
  public var stream: String?

  public init(
    result: ResultRow, samples: [SampleRow] = [], counters: [CounterRow] = [], metrics: [MetricRow] = [],
    stages: [StageRow] = [], projections: [ProjectionRow] = [], sensitivities: [SensitivityRow] = [],
    tuning: [TuningRow] = [], notes: [NoteRow] = [], stream: String? = nil
  ) {
    self.result = result
    self.samples = samples
    self.counters = counters
    self.metrics = metrics
    self.stages = stages
    self.projections = projections
    self.sensitivities = sensitivities
    self.tuning = tuning
    self.notes = notes
    self.stream = stream
  }

  /// Everything but the result itself, by table.
  var rows: [[any RunRow]] { [samples, counters, metrics, stages, projections, tuning, sensitivities, notes] }
}
