import AccessStreams

/// What a pass would compute and move, in closed form: from the sizes of what it keeps in use instead of its stream.
public struct PassEstimate {
  /// The work of each stage.
  public var phases: [PhaseWork]
  /// The same with operands widened to fp32, for machines that do not multiply narrower ones.
  public var widenedPhases: [PhaseWork]
  /// For each stage the operands that it moves; empty where the stage moves the same whatever the choice.
  public var operands: [[Operand]]
  /// What a step of the pass keeps in use.
  public var workingSetBytes: Double
  /// Candidates of one family are estimated nearly alike: the best of them stands for all.
  public var family: String
  /// Whether estimates of this pass tell candidates apart; otherwise one of each family is measured.
  public var tellsApart: Bool

  /// Lines and bytes of one of a stage's operands, over the whole batch and all workers.
  public struct Operand: Sendable {
    /// Bytes moved where it is not in a cache.
    public var bytes: Double
    /// Bytes that other accesses and its own go through before one of its lines is used again.
    public var reuseBytes: Double
    /// Part of the reuse distance that all workers have in common, so that a shared cache holds it once.
    public var commonBytes = 0.0
    public var isWritten = false
    /// Whether lines come back in the order in which they went: a cache that does not hold all of them then holds none in
    /// time (LRU), where one that is read in random order holds its share.
    public var isCyclic = true
    /// First lines of pieces that are read in an order chosen by data; 0 for a stream.
    public var pieces = 0.0
  }
}
