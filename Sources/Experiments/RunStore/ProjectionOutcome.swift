/// What the model says of one point: its projections onto machines, and what belongs to them.
public struct ProjectionOutcome: Equatable, Sendable {
  /// One for each machine.
  public var rows: [ProjectionRow]
  public var sensitivities: [SensitivityRow]
  /// Accounting of each stage, with the modelled traffic and time on the host where the host is among the machines.
  public var stages: [StageRow]
  /// How a note begins that says why there is no projection.
  package static let refusal = "not projected"

  /// Machines that were left out, with the reason.
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
