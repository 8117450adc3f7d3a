/// One step of a look-up's pass; its case is its stage. Tokens are numbered within the batch.
///
/// A step names the place of its operands: `place` is the first token within the hash tile, and `slot` the first
/// token within the codes and scores of the token tile. Other operands start at the start of the hash tile.
enum LookupStep: Equatable {
  case layerNorm(LayerNormStage.Step)
  case hash(HashStage.Step)
  case score(ScoreStage.Step)
  case gather(GatherStage.Step)
  /// Waits for all workers of the team.
  case barrier

  /// The name of the stage that the step belongs to; nil for none.
  var stage: String? {
    switch self {
    case .layerNorm: return LayerNormStage.name
    case .hash: return HashStage.name
    case .score: return ScoreStage.name
    case .gather: return GatherStage.name
    case .barrier: return nil
    }
  }

  /// Makes the step's calls on operands in the arrays of `pass`.
  func perform(of pass: LookupPass, on kernels: some MicroKernels) {
    switch self {
    case .layerNorm(let step): LayerNormStage.perform(step, of: pass, on: kernels)
    case .hash(let step): HashStage.perform(step, of: pass, on: kernels)
    case .score(let step): ScoreStage.perform(step, of: pass, on: kernels)
    case .gather(let step): GatherStage.perform(step, of: pass, on: kernels)
    case .barrier: kernels.barrier()
    }
  }
}
