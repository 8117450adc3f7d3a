import AccessStreams

/// What a pass would compute and move, in closed form: from the sizes of what it keeps in use instead of its stream.
public struct PassEstimate {
  /// The work of each stage.
  public var phases: [PhaseWork]
  /// The work of each stage with operands widened to fp32, for machines that do not multiply narrower ones.
  public var widenedPhases: [PhaseWork]
  /// For each stage what it moves; empty where the stage moves the same whatever the choice.
  public var arrays: [[ReusedArray]]
  /// What a step of the pass keeps in use.
  public var workingSetBytes: Double
  /// Candidates of one family are estimated nearly alike: the best of them stands for all.
  public var family: String
  /// Whether estimates of this pass tell candidates apart; otherwise one of each family is measured.
  public var tellsApart: Bool
}
