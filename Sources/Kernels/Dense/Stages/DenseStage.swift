import AccessStreams

/// A stage of a dense network, described once: its cost, its work in a core, and the calls of its step for a tile.
protocol DenseStage: Sendable {
  /// The stage's identity in accounts, core work, traffic and reports.
  static var name: String { get }

  /// The stage's cost by definition. Input and output are fp32; weights and intermediate features have the element
  /// type, except that int8's sums have 32 bits.
  static func account(_ shape: DenseFFNShape, _ type: TableType) -> StageAccount

  /// The work of the stage's code in a core for `tokens` tokens: instructions as written, not the FLOPs of the
  /// definition.
  static func work(_ shape: DenseFFNShape, _ type: TableType, tokens: Int) -> PhaseWork

  /// Makes the stage's calls for the tokens of `tile`, on operands in the arrays of `pass`.
  static func perform(_ tile: Range<Int>, of pass: DensePass, on kernels: some DenseKernels)
}

/// The stages, in the order in which a tile passes through them.
let denseStages: [any DenseStage.Type] = [FirstProductStage.self, GELUStage.self, SecondProductStage.self]

extension DenseFFNShape {
  /// The cost of each stage of a dense network with weights and intermediate features of `type`.
  public func accounts(_ type: TableType) -> [StageAccount] { denseStages.map { $0.account(self, type) } }

  /// The stages of a pass of `tokens` tokens.
  func stages(_ type: TableType, tokens: Int) -> [Stage] {
    denseStages.map { Stage(account: $0.account(self, type), work: $0.work(self, type, tokens: tokens)) }
  }
}

/// One step of a dense network's pass: a stage, and the tile of tokens that passes through it.
struct DenseStep {
  let stage: any DenseStage.Type
  let tile: Range<Int>

  /// All steps for `tokens`, in tiles of at most `size` tokens. The same list runs the kernel and states its
  /// accesses.
  static func steps(_ tokens: Range<Int>, tile size: Int) -> [DenseStep] {
    tokens.pieces(of: size).flatMap { tile in denseStages.map { DenseStep(stage: $0, tile: tile) } }
  }

  func perform(of pass: DensePass, on kernels: some DenseKernels) { stage.perform(tile, of: pass, on: kernels) }
}
