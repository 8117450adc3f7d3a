import AccessStreams
import CKernels

/// The hash of a token's features: one score for each bit of its codes, from BH4 factors or from one matrix. Files
/// and reports call it projection, as the published checkpoints do.
public enum HashStage: LookupStage {
  public static let name = "projection"

  enum Step: Equatable, Sendable {
    /// One factor of one BH4 chain: block-diagonal product, then the transform.
    case factor(tokens: Range<Int>, chain: Int, factor: Int)
    /// The product with a dense matrix, through the BLAS.
    case product(tokens: Range<Int>)
  }

  static func account(_ shape: LookupFFNShape, tables: TableType, hash: HashType) -> StageAccount {
    let float = Double(MemoryLayout<Float>.stride)
    let d = Double(shape.hidden)
    let z = Double(shape.projected)
    // Rounding an input is not part of the definition, as with the tables; input and scores are floats.
    let weight = Double(hash.element.bytes)
    switch shape.hash {
    case .dense:
      return StageAccount(
        stage: name, flops: 2 * z * d + z, activationBytes: (d + z) * float, weightBytes: z * (d * weight + float))
    case .bh4:
      let padded = Double(shape.paddedHidden)
      let chain = Double(shape.repeats * LookupFFNShape.factors)
      let stages = Double(shape.paddedHidden.trailingZeroBitCount)
      return StageAccount(
        stage: name,
        // Block products, transforms, then 0.7 chain + 0.3 input + bias.
        flops: chain * (2 * padded * Double(shape.blockSize) + padded * stages) + 4 * z,
        activationBytes: (d + z) * float,
        weightBytes: chain * padded * Double(shape.blockSize) * weight + z * float)
    }
  }

  static func work(_ task: LookupTask, _ strategy: LookupStrategy) -> PhaseWork {
    switch task.shape.hash {
    case .bh4: return workOfFactors(task, strategy)
    case .dense: return workOfProduct(task)
    }
  }

  static func perform(_ step: Step, of pass: LookupPass, on kernels: some MicroKernels) {
    switch step {
    case .factor(let tokens, let chain, let factor):
      if pass.schedule.hashesRows(tokens) {
        applyFactorToRows(tokens, chain: chain, factor: factor, of: pass, on: kernels)
      } else {
        applyFactor(tokens, chain: chain, factor: factor, of: pass, on: kernels)
      }
    case .product(let tokens): multiply(tokens, of: pass, on: kernels)
    }
  }
}

// MARK: - BH4

extension HashStage {
  /// Instructions beyond those of the definition for each multiply-add, counted by callgrind in the compiled AVX2
  /// code (`make test-streams` compares them): addresses and loops.
  private static let blockProductOverhead = 0.85

  private static func workOfFactors(_ task: LookupTask, _ strategy: LookupStrategy) -> PhaseWork {
    let shape = task.shape
    let padded = Double(shape.paddedHidden)
    let width = Double(task.isa.vectorLanes)
    let factors = Double(shape.repeats * LookupFFNShape.factors)
    let products = factors * padded * Double(shape.blockSize)
    let passes = Double(shape.transformPasses)
    let hashesRows = LookupSchedule(shape: shape, strategy: strategy, team: task.team).hashesRows(0..<task.tokens)
    let n = hashesRows ? Double(task.tokens) : task.laneTokens
    let isBF16 = task.hashType == .bf16
    let element = Double(task.hashType.element.bytes)
    var work = PhaseWork(
      name: name, multiplyAdds: products * n,
      otherOperations: factors * padded * Double(shape.blocks.trailingZeroBitCount) * n,
      loadBytes: (element * products / Double(min(task.isa.blockOutputs, shape.blockSize)) + 4 * factors * padded
        * passes) * n,
      storeBytes: 4 * factors * padded * (1 + passes) * n,
      // Lane groups broadcast a weight (in bf16 a pair) for all of their tokens; rows broadcast an input for some of
      // the outputs.
      narrowLoads: products * n / Double(laneGroup) / (isBF16 ? 2 : 1),
      scalarInstructions: blockProductOverhead * products / width * n / (isBF16 ? 2 : 1),
      operands: OperandType(task.hashType.element))
    if isBF16 {
      work.usesVectorsOnly = true
      // Each pair of inputs is two floats, which are read, converted together, paired, and stored.
      work.otherOperations += factors * padded * n
      work.loadBytes += 4 * factors * padded * n
      work.storeBytes += 2 * factors * padded * n
    }
    return work
  }

  /// A factor over lane groups: lanes -> ping -> pong -> ping -> the chain's own columns.
  private static func applyFactor(
    _ tokens: Range<Int>, chain: Int, factor: Int, of pass: LookupPass, on kernels: some MicroKernels
  ) {
    let (shape, scratch, arrays) = (pass.shape, pass.scratch, pass.arrays)
    let groups = (tokens.count + laneGroup - 1) / laneGroup
    let source = arrays.scratch + scratch.laneSource(ofFactor: factor)
    let isLast = factor == LookupFFNShape.factors - 1
    let target =
      arrays.scratch
      + (isLast ? scratch.chains + chain * scratch.laneStride : scratch.laneSource(ofFactor: factor + 1))
    let targetStride = isLast ? scratch.chainStride : scratch.laneStride
    switch pass.hashType {
    case .fp32:
      kernels.blockProduct(
        lk_block_product(
          weights: pass.factorWeights(chain: chain, factor: factor), x: source, x_group_stride: scratch.laneStride,
          y: target, y_group_stride: targetStride, blocks: shape.blocks, block_size: shape.blockSize, groups: groups))
    case .bf16:
      kernels.blockProduct(
        lk_block_product_bf16(
          weights: pass.factorPairs(chain: chain, factor: factor), x: source, x_group_stride: scratch.laneStride,
          y: target, y_group_stride: targetStride, blocks: shape.blocks, block_size: shape.blockSize, groups: groups,
          pairs: pass.rounded))
    }
    kernels.transform(
      lk_hadamard(
        lanes: target, length: shape.paddedHidden, first_stride: shape.blockSize, groups: groups,
        group_stride: targetStride))
  }

  /// A factor over rows. The last factor's output goes into the lanes that the score reads.
  private static func applyFactorToRows(
    _ tokens: Range<Int>, chain: Int, factor: Int, of pass: LookupPass, on kernels: some MicroKernels
  ) {
    let (shape, scratch, arrays) = (pass.shape, pass.scratch, pass.arrays)
    let stride = scratch.rowStride
    let source = arrays.scratch + scratch.rowSource(ofFactor: factor)
    let target = arrays.scratch + scratch.rowSource(ofFactor: factor + 1)
    switch pass.hashType {
    case .fp32:
      kernels.blockProduct(
        lk_block_product_rows(
          weights: pass.factorWeights(chain: chain, factor: factor), x: source, x_stride: stride, y: target,
          y_stride: stride, blocks: shape.blocks, block_size: shape.blockSize, tokens: tokens.count))
    case .bf16:
      kernels.blockProduct(
        lk_block_product_bf16_rows(
          weights: pass.factorPairs(chain: chain, factor: factor), x: source, x_stride: stride, y: target,
          y_stride: stride, blocks: shape.blocks, block_size: shape.blockSize, tokens: tokens.count,
          pairs: pass.rounded))
    }
    // For the transform, 16 consecutive features act as the lanes of one feature: its stages go across blocks, which
    // are at least that wide.
    kernels.transform(
      lk_hadamard(
        lanes: target, length: shape.paddedHidden / laneGroup, first_stride: shape.blockSize / laneGroup,
        groups: tokens.count, group_stride: stride))
    guard factor == LookupFFNShape.factors - 1 else { return }
    kernels.toLanes(
      lk_to_lanes(
        x: target, x_stride: stride, lanes: arrays.scratch + scratch.chains + chain * scratch.laneStride,
        rows: tokens.count, columns: shape.paddedHidden, padded_columns: shape.paddedHidden))
  }
}

extension LookupFFNShape {
  /// Passes over the data of the transform's stages across blocks, three stages a pass, as in `hadamard.h`.
  fileprivate var transformPasses: Int { (blocks.trailingZeroBitCount + 2) / 3 }
}

// MARK: - One matrix

extension HashStage {
  private static func workOfProduct(_ task: LookupTask) -> PhaseWork {
    let n = Double(task.tokens)
    let d = Double(task.shape.hidden)
    let z = Double(task.shape.projected)
    var work = PackedProduct.work(
      name: name, multiplyAdds: z * d * n, operands: OperandType(task.hashType.element))
    if task.hashType == .bf16 {
      // Rounding a float takes four integer operations, as in a dense network; the result is transposed.
      work.otherOperations += (4 * d + Double(task.isa.vectorLanes.trailingZeroBitCount) * z) * n
      work.loadBytes += 4 * (d + z) * n
      work.storeBytes += (2 * d + 4 * z) * n
    }
    return work
  }

  private static func multiply(_ tokens: Range<Int>, of pass: LookupPass, on kernels: some MicroKernels) {
    let (shape, scratch, arrays) = (pass.shape, pass.scratch, pass.arrays)
    let rows = arrays.scratch + scratch.rows
    let scores = arrays.scratch + scratch.chains
    switch pass.hashType {
    case .fp32:
      kernels.multiply(
        DenseHashProduct(
          projected: shape.projected, tokens: tokens.count, hidden: shape.hidden, weights: arrays.hashWeights,
          rows: rows, rowStride: scratch.rowStride, c: scores, cStride: pass.schedule.hashTile))
    case .bf16:
      let product = RoundedHashProduct(
        tokens: tokens.count, projected: shape.projected, hidden: shape.hidden, rows: pass.rounded,
        weights: pass.hashHalves, result: arrays.scratch + scratch.product, lanes: scores,
        laneStride: scratch.chainStride)
      kernels.roundToBF16(lk_to_bf16(x: rows, y: pass.rounded, count: tokens.count * shape.hidden))
      kernels.multiply(product)
      kernels.toLanes(product)
    }
  }
}
