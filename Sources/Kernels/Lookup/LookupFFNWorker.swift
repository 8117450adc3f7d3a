import CKernels

/// What a pass computed on the way, for tests, verification and access streams; token-major.
public struct LookupIntermediates {
  /// [tokens, tables]
  public var codes: [Int32]
  public var scores: [Float]
  /// [tokens, projected]
  public var projection: [Float]
  /// The input of every product of a bf16 projection before it is rounded, [tokens, inputs of a token]: for BH4
  /// [repeats, 4, paddedHidden], for a dense projection [hidden]. Empty where nobody asked for it.
  public var productInputs: [Float] = []
}

/// Scratch of one worker and where each array starts in it, in floats.
struct LookupScratch {
  let rows: Int
  let lanes: Int
  let ping: Int
  let pong: Int
  let chains: Int
  let sums: Int
  /// bf16 projection: inputs rounded to bf16, of BH4 a block's at a time, of a dense one all of the tile's rows; and the
  /// dense product's result, [tokens][projected].
  let rounded: Int
  let product: Int
  let count: Int
  /// Floats of one lane group in each array.
  let laneStride: Int
  /// Floats of a token's row: padded where the projection reads it as features of a block.
  let rowStride: Int
  let chainStride: Int

  /// For a worker that gathers the rows of `tokens` tokens.
  init(_ schedule: LookupSchedule, projection type: ProjectionType, tokens: Int) {
    let shape = schedule.shape
    let tile = schedule.projectionTile
    let groups = tile / laneGroup
    let isBH4 = shape.projection == .bh4
    laneStride = isBH4 ? shape.paddedHidden * laneGroup : 0
    rowStride = isBH4 ? shape.paddedHidden : shape.hidden
    let scoresLanes = !isBH4 && type == .bf16
    chainStride = isBH4 ? shape.repeats * laneStride : scoresLanes ? shape.projected * laneGroup : 0

    var next = 0
    func place(_ floats: Int) -> Int {
      defer { next += (floats + 15) / 16 * 16 }  // each array starts on a cache line
      return next
    }
    rows = place((isBH4 ? laneGroup : tile) * rowStride)
    lanes = place(groups * laneStride)
    ping = place(groups * laneStride)
    pong = place(groups * laneStride)
    chains = place(isBH4 ? groups * chainStride : shape.projected * tile)
    let tileTokens = min(schedule.tokenTile, (max(tokens, 1) + laneGroup - 1) / laneGroup * laneGroup)
    sums = place(schedule.sumColumns * tileTokens)
    // Of BH4 as `lk_block_product_bf16` states it, in floats.
    let roundedFloats = isBH4 ? 2 * laneGroup * shape.inputPairs : (tile * shape.hidden + 1) / 2
    rounded = place(type == .bf16 ? roundedFloats : 0)
    product = place(scoresLanes ? tile * shape.projected : 0)
    count = next
  }
}

extension LookupScratch {
  /// Where a BH4 factor reads its input, in lane groups: lanes -> ping -> pong -> ping -> the chain's own columns.
  func laneSource(ofFactor factor: Int) -> Int { factor == 0 ? lanes : factor % 2 == 1 ? ping : pong }

  /// The same in rows: rows -> ping -> pong -> ping -> pong, which goes into the lanes that the score reads.
  func rowSource(ofFactor factor: Int) -> Int { factor == 0 ? rows : factor % 2 == 1 ? ping : pong }
}

extension LookupFFNShape {
  /// Floats of a token that the projection's products multiply.
  var productInputs: Int { projection == .bh4 ? repeats * LookupFFNShape.factors * paddedHidden : hidden }
}

/// Codes and scores of a tile of tokens, each [lane group][table][lane]: a worker's own, or its whole team's.
struct LookupCodes {
  /// Entries of one lane group.
  let stride: Int
  /// Where the scores start, in floats; the codes start at 0.
  let scores: Int
  let count: Int

  /// For tiles of a share of `tokens` tokens.
  init(_ schedule: LookupSchedule, tokens: Int) {
    stride = schedule.shape.tables * laneGroup
    let groups = min(schedule.tokenTile, max(tokens, 1) + laneGroup - 1) / laneGroup
    scores = groups * stride
    count = 2 * scores
  }

  /// Where the lane group of the tile's token `slot` starts in either array.
  func offset(slot: Int) -> Int { slot / laneGroup * stride }
}

/// One thread's pass through a LookupFFN layer.
final class LookupFFNWorker: StagedWorker {
  private let kernel: LookupFFN
  private let tokens: Int
  private let steps: [LookupStep]
  private let layout: LookupScratch
  private let scratch: FloatBuffer
  private let codeLayout: LookupCodes
  private let codes: FloatBuffer
  /// The copy of the tables that this worker reads.
  private let tables: PackedTables
  private let drawnRows: DrawnRows?
  /// Of a dense projection in bf16, by the number of tokens.
  private let projectionCalls: [Int: any ProductCall]
  private let barrier: () -> Void

  /// A worker that performs `steps`, and so gathers the rows of `tokens` tokens. `codes` is laid out for its tokens;
  /// `barrier` is called at the steps of that name. `hashed`: by the hash's own codes, whatever rows were drawn.
  init(
    kernel: LookupFFN, index: Int, tokens: Int, steps: [LookupStep], codes: FloatBuffer, codeLayout: LookupCodes,
    memory: any MemorySource, hashed: Bool = false, barrier: @escaping () -> Void = {}
  ) throws {
    self.kernel = kernel
    drawnRows = hashed ? nil : kernel.drawnRows
    self.tokens = tokens
    self.steps = steps
    self.codes = codes
    self.codeLayout = codeLayout
    self.barrier = barrier
    layout = LookupScratch(kernel.schedule, projection: kernel.projectionType, tokens: tokens)
    var calls: [Int: any ProductCall] = [:]
    if let product = kernel.projectionProduct {
      for case .project(let tokens) in steps where calls[tokens.count] == nil {
        calls[tokens.count] = try product.call(rows: tokens.count, memory: memory, role: .scratch(worker: index))
      }
    }
    projectionCalls = calls
    scratch = try memory.floats(layout.count, for: .scratch(worker: index))
    tables = kernel.tables(ofCopy: memory.tableCopy(ofWorker: index))

    // The padding of rows, which BH4 alone has, is written here and never again.
    let hidden = kernel.shape.hidden
    if layout.rowStride > hidden {
      for row in 0..<laneGroup {
        let padding = scratch.base + layout.rows + row * layout.rowStride + hidden
        padding.update(repeating: 0, count: layout.rowStride - hidden)
      }
    }
  }

  /// A worker that computes `tokens` alone.
  convenience init(
    kernel: LookupFFN, index: Int, tokens: Range<Int>, memory: any MemorySource, hashed: Bool = false
  ) throws {
    let codeLayout = LookupCodes(kernel.schedule, tokens: tokens.count)
    try self.init(
      kernel: kernel, index: index, tokens: tokens.count, steps: kernel.schedule.steps(tokens: tokens),
      codes: memory.floats(codeLayout.count, for: .scratch(worker: index)), codeLayout: codeLayout, memory: memory,
      hashed: hashed)
  }

  func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    for index in steps.indices { perform(index, input, output, projection: nil) }
  }

  func run(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, clock: () -> UInt64,
    nanoseconds: UnsafeMutablePointer<UInt64>
  ) {
    var start = clock()
    for index in steps.indices {
      perform(index, input, output, projection: nil)
      // Steps of one stage follow each other in their hundreds, so the readings between them are left out. Waiting at a
      // barrier belongs to no stage.
      guard index + 1 == steps.count || steps[index + 1].phase != steps[index].phase else { continue }
      let end = clock()
      if let phase = steps[index].phase { nanoseconds[phase] += end - start }
      start = end
    }
  }

  /// Runs the pass and keeps what it computed on the way; the inputs of the projection's products where asked for.
  func record(
    tokens: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, productInputs: Bool = false
  ) -> LookupIntermediates {
    let shape = kernel.shape
    var record = LookupIntermediates(
      codes: [Int32](repeating: 0, count: tokens * shape.tables),
      scores: [Float](repeating: 0, count: tokens * shape.tables),
      projection: [Float](repeating: 0, count: tokens * shape.projected),
      productInputs: [Float](repeating: 0, count: productInputs ? tokens * shape.productInputs : 0))
    let z = UnsafeMutablePointer<Float>.allocate(capacity: shape.projected * laneGroup)
    defer { z.deallocate() }
    for index in steps.indices {
      if productInputs { keepInputs(of: steps[index], in: &record.productInputs) }
      perform(index, input, output, projection: z)
      guard case .score(let group, _, let slot) = steps[index] else { continue }
      for token in group {
        let lane = token - group.lowerBound
        for table in 0..<shape.tables {
          record.codes[token * shape.tables + table] = codes(slot: slot)[table * laneGroup + lane]
          record.scores[token * shape.tables + table] = scores(slot: slot)[table * laneGroup + lane]
        }
        for column in 0..<shape.projected {
          record.projection[token * shape.projected + column] = z[column * laneGroup + lane]
        }
      }
    }
    return record
  }

  /// Copies what a step's product is about to multiply, [tokens, inputs of a token].
  private func keepInputs(of step: LookupStep, in record: inout [Float]) {
    let shape = kernel.shape
    switch step {
    case .factor(let tokens, let chain, let factor):
      let isRows = kernel.schedule.projectsRows(tokens)
      let source = scratch.base + (isRows ? layout.rowSource(ofFactor: factor) : layout.laneSource(ofFactor: factor))
      for (place, token) in tokens.enumerated() {
        let first = (token * shape.repeats + chain) * LookupFFNShape.factors + factor
        for feature in 0..<shape.paddedHidden {
          record[first * shape.paddedHidden + feature] =
            isRows
            ? source[place * layout.rowStride + feature]
            : source[place / laneGroup * layout.laneStride + feature * laneGroup + place % laneGroup]
        }
      }
    case .project(let tokens):
      let rows = UnsafeBufferPointer(start: scratch.base + layout.rows, count: tokens.count * shape.hidden)
      record.replaceSubrange(tokens.lowerBound * shape.hidden..<tokens.upperBound * shape.hidden, with: rows)
    default: break
    }
  }

  private func codes(slot: Int) -> UnsafeMutablePointer<Int32> { codes.integers + codeLayout.offset(slot: slot) }

  private func scores(slot: Int) -> UnsafeMutablePointer<Float> {
    codes.base + codeLayout.scores + codeLayout.offset(slot: slot)
  }

  // MARK: - Steps

  private func perform(
    _ index: Int, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
    projection: UnsafeMutablePointer<Float>?
  ) {
    switch steps[index] {
    case .normalise(let tokens): normalise(tokens, input)
    case .toLanes(let group, let place): toLanes(group, place: place)
    case .factor(let tokens, let chain, let factor):
      if kernel.schedule.projectsRows(tokens) {
        applyFactorToRows(tokens, chain: chain, factor: factor)
      } else {
        applyFactor(tokens, chain: chain, factor: factor)
      }
    case .project(let tokens): project(tokens)
    case .score(let group, let place, let slot):
      score(place: place, slot: slot, z: projection)
      if let drawnRows {
        codes(slot: slot).update(from: drawnRows.group(at: group.lowerBound), count: drawnRows.groupStride)
      }
    case .barrier: barrier()
    case .gather(let step): gather(step, output, next: kernel.schedule.blockAfter(index, of: steps))
    }
  }

  private func normalise(_ tokens: Range<Int>, _ input: UnsafePointer<Float>) {
    let width = kernel.shape.hidden
    var call = lk_layer_norm(
      x: input + tokens.lowerBound * width, x_stride: width,
      y: scratch.base + layout.rows, y_stride: layout.rowStride, rows: tokens.count, columns: width,
      scale: kernel.normScale.base, shift: kernel.normShift.base,
      epsilon: kernel.parameters.normEpsilon)
    kernel.kernels.layer_norm(&call)
  }

  private func toLanes(_ group: Range<Int>, place: Int) {
    let width = kernel.shape.hidden
    var call = lk_to_lanes(
      x: scratch.base + layout.rows, x_stride: layout.rowStride,
      lanes: scratch.base + layout.lanes + place / laneGroup * layout.laneStride, rows: group.count, columns: width,
      padded_columns: kernel.shape.paddedHidden)
    kernel.kernels.to_lanes(&call)
  }

  private func applyFactor(_ tokens: Range<Int>, chain: Int, factor: Int) {
    let shape = kernel.shape
    let groups = (tokens.count + laneGroup - 1) / laneGroup
    let source = layout.laneSource(ofFactor: factor)
    let isLast = factor == LookupFFNShape.factors - 1
    let target = isLast ? layout.chains + chain * layout.laneStride : layout.laneSource(ofFactor: factor + 1)
    let targetStride = isLast ? layout.chainStride : layout.laneStride

    let index = chain * LookupFFNShape.factors + factor
    switch kernel.projectionType {
    case .fp32:
      var product = lk_block_product(
        weights: kernel.factorWeights(index), x: scratch.base + source, x_group_stride: layout.laneStride,
        y: scratch.base + target, y_group_stride: targetStride, blocks: shape.blocks, block_size: shape.blockSize,
        groups: groups)
      kernel.kernels.block_product(&product)
    case .bf16:
      var product = lk_block_product_bf16(
        weights: kernel.factorPairs(index), x: scratch.base + source, x_group_stride: layout.laneStride,
        y: scratch.base + target, y_group_stride: targetStride, blocks: shape.blocks, block_size: shape.blockSize,
        groups: groups, pairs: scratch.halves + 2 * layout.rounded)
      kernel.kernels.block_product_bf16(&product)
    }
    var transform = lk_hadamard(
      lanes: scratch.base + target, length: shape.paddedHidden, first_stride: shape.blockSize, groups: groups,
      group_stride: targetStride)
    kernel.kernels.hadamard(&transform)
  }

  /// As `applyFactor`, on rows; the last factor's output goes into the lanes that the score reads.
  private func applyFactorToRows(_ tokens: Range<Int>, chain: Int, factor: Int) {
    let shape = kernel.shape
    let stride = layout.rowStride
    let source = scratch.base + layout.rowSource(ofFactor: factor)
    let target = scratch.base + layout.rowSource(ofFactor: factor + 1)
    let index = chain * LookupFFNShape.factors + factor
    switch kernel.projectionType {
    case .fp32:
      var product = lk_block_product_rows(
        weights: kernel.factorWeights(index), x: source, x_stride: stride, y: target, y_stride: stride,
        blocks: shape.blocks, block_size: shape.blockSize, tokens: tokens.count)
      kernel.kernels.block_product_rows(&product)
    case .bf16:
      var product = lk_block_product_bf16_rows(
        weights: kernel.factorPairs(index), x: source, x_stride: stride, y: target, y_stride: stride,
        blocks: shape.blocks, block_size: shape.blockSize, tokens: tokens.count,
        pairs: scratch.halves + 2 * layout.rounded)
      kernel.kernels.block_product_bf16_rows(&product)
    }
    // To the transform, 16 consecutive features are the lanes of one: its stages go across blocks, which are no narrower.
    var transform = lk_hadamard(
      lanes: target, length: shape.paddedHidden / laneGroup, first_stride: shape.blockSize / laneGroup,
      groups: tokens.count, group_stride: stride)
    kernel.kernels.hadamard(&transform)
    guard factor == LookupFFNShape.factors - 1 else { return }
    var transpose = lk_to_lanes(
      x: target, x_stride: stride, lanes: scratch.base + layout.chains + chain * layout.laneStride, rows: tokens.count,
      columns: shape.paddedHidden, padded_columns: shape.paddedHidden)
    kernel.kernels.to_lanes(&transpose)
  }

  private func project(_ tokens: Range<Int>) {
    let shape = kernel.shape
    if let call = projectionCalls[tokens.count] { return project(tokens, call) }
    // [projected, tokens]: the transposed product puts tokens along the vectors, as the score needs them.
    kernel.blas?.multiply(
      m: shape.projected, n: tokens.count, k: shape.hidden, a: kernel.projectionWeight.base, aStride: shape.hidden,
      bTransposed: scratch.base + layout.rows, bStride: layout.rowStride, beta: 0, c: scratch.base + layout.chains,
      cStride: kernel.schedule.projectionTile)
  }

  /// In bf16: the library's weights are packed for rows of tokens, so that its result is transposed for the score.
  private func project(_ tokens: Range<Int>, _ call: any ProductCall) {
    let shape = kernel.shape
    let result = scratch.base + layout.product
    var round = lk_to_bf16(
      x: scratch.base + layout.rows, y: scratch.halves + 2 * layout.rounded, count: tokens.count * shape.hidden)
    kernel.kernels.to_bf16(&round)
    call.run(x: scratch.base + layout.rounded, y: result)
    for group in (0..<tokens.count).pieces(of: laneGroup) {
      var transpose = lk_to_lanes(
        x: result + group.lowerBound * shape.projected, x_stride: shape.projected,
        lanes: scratch.base + layout.chains + group.lowerBound / laneGroup * layout.chainStride, rows: group.count,
        columns: shape.projected, padded_columns: shape.projected)
      kernel.kernels.to_lanes(&transpose)
    }
  }

  private func score(place: Int, slot: Int, z: UnsafeMutablePointer<Float>?) {
    let shape = kernel.shape
    let isBH4 = shape.projection == .bh4
    let isLanes = layout.chainStride > 0
    let projected = scratch.base + layout.chains + (isLanes ? place / laneGroup * layout.chainStride : place)
    var call = lk_score(
      y: projected, y_stride: isLanes ? laneGroup : kernel.schedule.projectionTile,
      h: isBH4 ? UnsafePointer(scratch.base + layout.lanes + place / laneGroup * layout.laneStride) : nil,
      h_columns: shape.paddedHidden, mix: 1 - kernel.parameters.chainShare, bias: kernel.projectionBias.base,
      tables: shape.tables, bits: shape.codeBits, codes: codes(slot: slot), scores: scores(slot: slot), z: z)
    kernel.kernels.score(&call)
  }

  private func gather(_ step: GatherStep, _ output: UnsafeMutablePointer<Float>, next: Range<Int>?) {
    let shape = kernel.shape
    let width = step.columns.count
    let firstRow = step.tables.lowerBound * shape.tableRows
    let offset = step.tables.lowerBound * laneGroup
    let isFirst = step.tables.lowerBound == 0
    let isLast = step.tables.upperBound == shape.tables

    // From the bias over the sums to the output; orders that keep no sums add to the output itself.
    let target = output + step.tokens.lowerBound * shape.output + step.columns.lowerBound
    let keepsSums = kernel.schedule.keepsSums
    let between = keepsSums ? scratch.base + layout.sums + step.slot * width : target
    let betweenStride = keepsSums ? width : shape.output
    var call = lk_gather(
      tables: tables.address(element: kernel.schedule.block(of: step).lowerBound),
      scales: tables.scales(row: firstRow), scale_stride: shape.tableRows,
      table_stride: shape.tableRows * width, row_stride: width,
      codes: codes.integers + offset, scores: codes.base + codeLayout.scores + offset,
      group_stride: codeLayout.stride, first_token: step.slot, tokens: step.tokens.count,
      table_count: step.tables.count, columns: width,
      start: isFirst ? UnsafePointer(kernel.bias.base + step.columns.lowerBound) : UnsafePointer(between),
      start_stride: isFirst ? 0 : betweenStride, out: isLast ? target : between,
      out_stride: isLast ? shape.output : betweenStride,
      streaming: isLast && kernel.schedule.streamsOutput(tokens: tokens),
      prefetch: kernel.schedule.prefetchRows(tileTokens: step.tokens.count),
      next: next.map { tables.address(element: $0.lowerBound) },
      next_bytes: (next?.count ?? 0) * kernel.tableType.bytes)
    switch kernel.tableType {
    case .fp32: kernel.kernels.gather(&call)
    case .bf16: kernel.kernels.gather_bf16(&call)
    case .int8: kernel.kernels.gather_int8(&call)
    }
  }
}
