import AccessStreams
import CKernels

/// Codes and scores of tokens, from their hash scores.
public enum ScoreStage: LookupStage {
  public static let name = "code and score"

  /// One lane group. `place` is its first token within the hash tile, where the hash left its scores; `slot` is its
  /// first token within the codes and scores of the token tile.
  struct Step: Equatable, Sendable {
    var tokens: Range<Int>
    var place: Int
    var slot: Int
  }

  static func account(_ shape: LookupFFNShape, tables: TableType, hash: HashType) -> StageAccount {
    let float = Double(MemoryLayout<Float>.stride)
    let z = Double(shape.projected)
    let t = Double(shape.tables)
    // Per bit: compare, |z| and its sum, -2 |z|, exp, 1 +, product; per table: one division.
    return StageAccount(stage: name, flops: 7 * z + t, activationBytes: (z + 2 * t) * float)
  }

  /// Instructions beyond those of the definition for each vector of projected values, counted by callgrind in the
  /// compiled AVX2 code (`make test-streams` compares them): addresses, loops, and loads of constants that do not fit
  /// into registers.
  private enum Overhead {
    static let instructions = 20.0
    static let loads = 6.0
  }

  static func work(_ task: LookupTask, _ strategy: LookupStrategy) -> PhaseWork {
    let z = Double(task.shape.projected)
    let t = Double(task.shape.tables)
    let lanes = task.laneTokens
    let width = Double(task.isa.vectorLanes)
    // Per projected value: bias, mix, |z|, sum, -2 |z|, the 6 multiply-adds and 7 other steps of exp, 1 + and product,
    // comparison and two steps of the code. Per table one division, worth about 10 vector operations.
    return PhaseWork(
      name: name, multiplyAdds: 8 * z * lanes, otherOperations: (15 * z + 10 * t) * lanes,
      loadBytes: 4 * (task.shape.hash == .bh4 ? 2 : 1) * z * lanes, storeBytes: 4 * 2 * t * lanes,
      narrowLoads: Overhead.loads * z / width * lanes, scalarInstructions: Overhead.instructions * z / width * lanes,
      // The chain of one value: bias, mix, |z|, -2 |z|, its exponential of 12 steps, product.
      chains: Chains(steps: 16 * z * lanes, operations: 26))
  }

  static func perform(_ step: Step, of pass: LookupPass, on kernels: some MicroKernels) {
    let (shape, scratch, arrays) = (pass.shape, pass.scratch, pass.arrays)
    let group = step.place / laneGroup
    // BH4 and a dense bf16 hash leave their scores in lane groups; a dense fp32 hash leaves them in columns.
    let isInLanes = scratch.chainStride > 0
    kernels.score(
      lk_score(
        y: arrays.scratch + scratch.chains + (isInLanes ? group * scratch.chainStride : step.place),
        y_stride: isInLanes ? laneGroup : pass.schedule.hashTile,
        h: shape.hash == .bh4
          ? UnsafePointer(arrays.scratch + scratch.lanes + group * scratch.laneStride) : nil,
        h_columns: shape.paddedHidden, mix: 1 - pass.chainShare, bias: arrays.hashBias, tables: shape.tables,
        bits: shape.codeBits, codes: pass.codes(slot: step.slot), scores: pass.scores(slot: step.slot),
        z: arrays.hashScores))
    if let rows = arrays.rowOverride {
      let stride = pass.codeLayout.stride
      kernels.override(
        codes: pass.codes(slot: step.slot), by: rows + step.tokens.lowerBound / laneGroup * stride, count: stride)
    }
  }
}
