/// A stage of a network: its cost by the definition of the algorithm, and the work of its code in a core.
///
/// A stage's name is its identity. Account, core work, traffic, measured time and report rows of a stage are joined by it.
public struct Stage: Equatable, Sendable {
  public let account: StageAccount
  public let work: PhaseWork

  public var name: String { account.stage }

  /// Both must be of the same stage.
  public init(account: StageAccount, work: PhaseWork) {
    precondition(
      account.stage == work.name, "expected the work of stage \(account.stage), found that of \(work.name)")
    self.account = account
    self.work = work
  }
}

/// The cost of a stage per token by the definition of the algorithm, independent of the code that computes it.
///
/// Convention: one addition, multiplication, comparison, exponential, division or error function is one FLOP, so that a
/// multiply-add is two.
public struct StageAccount: Codable, Equatable, Sendable {
  /// The stage's name.
  public var stage: String
  public var flops: Double
  /// Activations read and written; bytes per token.
  public var activationBytes: Double
  /// Table rows looked up; bytes per token.
  public var tableBytes: Double
  /// Weights that the stage reads, in total and not per token: a batch reads them at least once.
  public var weightBytes: Double

  public init(
    stage: String, flops: Double, activationBytes: Double, tableBytes: Double = 0, weightBytes: Double = 0
  ) {
    self.stage = stage
    self.flops = flops
    self.activationBytes = activationBytes
    self.tableBytes = tableBytes
    self.weightBytes = weightBytes
  }

  /// Bytes per token when a batch of `tokens` reads the weights once.
  public func algorithmicBytes(tokens: Int) -> Double {
    activationBytes + tableBytes + weightBytes / Double(max(tokens, 1))
  }
}
