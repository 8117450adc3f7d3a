/// The model's result for one point: its projections onto machines, with stages and notes.
public struct ProjectionOutcome: Equatable, Sendable {
  /// One row for each machine.
  public var rows: [ProjectionRow]
  public var sensitivities: [SensitivityRow]
  /// FLOPs and bytes of each stage, with the modelled traffic and time on the host where the host is among the
  /// machines.
  public var stages: [StageRow]
  /// The first words of a note that explains a missing projection.
  package static let refusal = "not projected"

  /// Notes about machines that were left out, with the reason.
  public var notes: [String]

  public init(
    rows: [ProjectionRow] = [], sensitivities: [SensitivityRow] = [], stages: [StageRow] = [], notes: [String] = []
  ) {
    self.rows = rows
    self.sensitivities = sensitivities
    self.stages = stages
    self.notes = notes
  }
}
