import AccessStreams
import CKernels

/// Layer normalisation of a token's features, and for BH4 the transposition of its rows into lane groups.
public enum LayerNormStage: LookupStage {
  public static let name = "layer norm"

  enum Step: Equatable, Sendable {
    /// Normalisation into scratch rows.
    case normalise(tokens: Range<Int>)
    /// Transposes the scratch rows of one lane group into lanes. `place` is the group's first token within the hash
    /// tile.
    case toLanes(tokens: Range<Int>, place: Int)
  }

  static func account(_ shape: LookupFFNShape, tables: TableType, hash: HashType) -> StageAccount {
    let float = Double(MemoryLayout<Float>.stride)
    let d = Double(shape.hidden)
    // Mean: d. Variance: 3 d. Normalise, scale and shift: 4 d.
    return StageAccount(stage: name, flops: 8 * d, activationBytes: 2 * d * float, weightBytes: 2 * d * float)
  }

  /// Instructions beyond those of the definition, counted by callgrind in the compiled AVX2 code (`make test-streams`
  /// compares them): addresses, loops, and vectors loaded by separate instructions.
  private enum Overhead {
    /// Per vector, in normalising and in transposing.
    static let normalise = 4.0
    static let transpose = 2.0
    /// Per normalised row.
    static let row = 250.0
  }

  static func work(_ task: LookupTask, _ strategy: LookupStrategy) -> PhaseWork {
    let n = Double(task.tokens)
    let d = Double(task.shape.hidden)
    let isBH4 = task.shape.hash == .bh4
    let width = Double(task.isa.vectorLanes)
    let sums = Int(LK_NORM_SUMS)
    // Three passes: sum; difference and square-add; difference, scale, scale-and-shift. The transpose shuffles each
    // vector log2(lanes) times.
    let shuffles = isBH4 ? Double(task.isa.vectorLanes.trailingZeroBitCount) : 0
    // Both sums of a row wait for their terms, then for the partial sums and the lanes of a vector to be added. Three
    // divisions and a root, of about three multiply-adds' latency each, are also waited for.
    let steps = 2 * (d / (width * Double(sums)) + Double(sums.trailingZeroBitCount) + width) + 4 * 3
    return PhaseWork(
      name: name, multiplyAdds: 2 * d * n, otherOperations: (4 + shuffles) * d * n,
      loadBytes: (isBH4 ? 6 : 5) * 4 * d * n,
      storeBytes: 4 * (d + (isBH4 ? Double(task.shape.paddedHidden) : 0)) * n,
      scalarInstructions: ((Overhead.normalise + (isBH4 ? Overhead.transpose : 0)) * d / width + Overhead.row) * n,
      // A row's last pass waits for its sums, and is too long for the next row to start meanwhile.
      chains: Chains(steps: steps * width * n, operations: .infinity))
  }

  static func perform(_ step: Step, of pass: LookupPass, on kernels: some MicroKernels) {
    let (scratch, arrays) = (pass.scratch, pass.arrays)
    let width = pass.shape.hidden
    switch step {
    case .normalise(let tokens):
      kernels.layerNorm(
        lk_layer_norm(
          x: arrays.input + tokens.lowerBound * width, x_stride: width, y: arrays.scratch + scratch.rows,
          y_stride: scratch.rowStride, rows: tokens.count, columns: width, scale: arrays.normScale,
          shift: arrays.normShift, epsilon: pass.normEpsilon))
    case .toLanes(let group, let place):
      kernels.toLanes(
        lk_to_lanes(
          x: arrays.scratch + scratch.rows, x_stride: scratch.rowStride,
          lanes: arrays.scratch + scratch.lanes + place / laneGroup * scratch.laneStride, rows: group.count,
          columns: width, padded_columns: pass.shape.paddedHidden))
    }
  }
}
