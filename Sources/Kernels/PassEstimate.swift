import AccessStreams

/// The work and traffic of a pass in closed form, from the sizes of its arrays instead of its access stream.
public struct PassEstimate {
  /// The work of each stage.
  public var phases: [PhaseWork]
  /// The work of each stage with operands widened to fp32, for machines that do not multiply narrower ones.
  public var widenedPhases: [PhaseWork]
  /// The arrays that each stage moves; empty where the stage moves the same with every strategy.
  public var arrays: [[ReusedArray]]
  /// Bytes that a step of the pass keeps in use.
  public var workingSetBytes: Double
  /// Candidates of one family have nearly the same estimate; the best of them stands for all.
  public var family: String
  /// Whether estimates of this pass tell candidates apart; otherwise one of each family is measured.
  public var distinguishesStrategies: Bool
}
