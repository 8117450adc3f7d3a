import AccessStreams

/// A stage of a look-up, described once: its cost, its work in a core, its steps, and the calls of a step.
protocol LookupStage: Sendable {
  /// A part of the stage's work that is done in one call.
  associatedtype Step: Equatable, Sendable

  /// The stage's identity in accounts, core work, traffic, times and reports.
  static var name: String { get }

  /// The stage's cost by definition, with tables and hash products of these types.
  static func account(_ shape: LookupFFNShape, tables: TableType, hash: HashType) -> StageAccount

  /// The work of the stage's code in a core under `strategy`: instructions as written, not the FLOPs of the
  /// definition.
  static func work(_ task: LookupTask, _ strategy: LookupStrategy) -> PhaseWork

  /// Makes the calls of `step`, on operands in the arrays of `pass`.
  static func perform(_ step: Step, of pass: LookupPass, on kernels: some MicroKernels)
}

/// The stages, in the order in which tokens pass through them.
private let lookupStages: [any LookupStage.Type] = [
  LayerNormStage.self, HashStage.self, ScoreStage.self, GatherStage.self,
]

extension LookupFFNShape {
  /// Names of the stages of a look-up.
  static let stageNames = lookupStages.map { $0.name }

  /// The cost of each stage of a look-up with tables of `type`.
  public func accounts(tables type: TableType, hash hashType: HashType = .fp32) -> [StageAccount] {
    lookupStages.map { $0.account(self, tables: type, hash: hashType) }
  }
}

extension LookupTask {
  /// The stages of the pass under `strategy`.
  public func stages(_ strategy: LookupStrategy) -> [Stage] {
    lookupStages.map {
      Stage(
        account: $0.account(shape, tables: tableType, hash: hashType), work: $0.work(self, strategy))
    }
  }

  /// The work of the stages in a core.
  public func phases(_ strategy: LookupStrategy) -> [PhaseWork] { stages(strategy).map(\.work) }

  /// Tokens in whole lane groups, all of whose lanes are computed.
  var laneTokens: Double { Double((tokens + laneGroup - 1) / laneGroup * laneGroup) }
}
