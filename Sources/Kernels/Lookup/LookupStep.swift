/// One step of a look-up's pass, of the stage whose case it is; tokens are numbered within the batch.
///
/// A step says where its operands lie: `place` is a first token within the hash tile, `slot` a first token within the
/// codes and scores of the token tile. Other operands start at the hash tile's own start.
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
