import AccessStreams

/// A LookupFFN pass as the cache model sees it: the steps of the schedule that runs, with the codes of real tokens.
///
/// Granularity: cache lines in the order in which a step's micro-kernel goes through them (`MicroKernelStream`), row pieces of
/// the gather as they are loaded. What a micro-kernel re-reads from the first-level cache within a step is counted in
/// `PhaseWork.loadBytes` instead.
package struct LookupWorkload: Workload {
  package let tokens: Int
  package let threads: Int
  package let phases: [PhaseWork]
  private let schedule: LookupSchedule
  private let tableType: TableType
  private let projectionType: ProjectionType
  /// The rows that are gathered, [tokens, tables].
  private let codes: [Int32]
  private let isa: ISA

  private let input: UInt64
  private let output: UInt64
  private let tables: UInt64
  private let scales: UInt64?
  private let weights: UInt64
  private let vectors: UInt64
  private let scratch: [UInt64]
  private let layout: LookupScratch
  /// One for each worker, or the same for all.
  private let codeTiles: [UInt64]
  private let codeLayout: LookupCodes
  /// Where the rows lie that overwrite the codes; nil where the codes are the hash's.
  private let drawnRows: UInt64?
  /// The steps of each worker.
  private let steps: [[LookupStep]]
  private let packed: (a: Int, b: Int)

  init(kernel: LookupFFN, codes: [Int32], tokens: Int, threads: Int) {
    let shape = kernel.shape
    self.tokens = tokens
    self.threads = threads
    self.codes = codes
    // Of a team as large as the threads asked for, which need not be those that the kernel's tables were packed for.
    schedule = LookupSchedule(
      shape: shape, strategy: kernel.strategy,
      team: LookupTeam(workers: threads, partition: kernel.team.partition))
    tableType = kernel.tableType
    isa = kernel.isa
    projectionType = kernel.projectionType
    phases = LookupTask(
      shape: shape, tableType: kernel.tableType, projectionType: kernel.projectionType, isa: kernel.isa,
      team: schedule.team, tokens: tokens
    ).phases(kernel.strategy)
    layout = LookupScratch(
      schedule, projection: kernel.projectionType,
      tokens: (0..<threads).map { [schedule] in schedule.gatheredTokens(ofWorker: $0, tokens: tokens) }.max() ?? 0)
    let codeLayout = LookupCodes(schedule, tokens: tokens)
    self.codeLayout = codeLayout
    steps = (0..<threads).map { [schedule] in schedule.steps(worker: $0, tokens: tokens) }

    var map = AddressMap()
    input = map.place(floats: tokens * shape.hidden)
    output = map.place(floats: tokens * shape.output)
    let rows = shape.tables * shape.tableRows
    tables = map.place(floats: (rows * shape.output * tableType.bytes + 3) / 4)
    scales = tableType.scaleBytes > 0 ? map.place(floats: rows) : nil
    weights = map.place(floats: kernel.projectionWeight.count)
    // Scale, shift, projection bias and output bias, one after another.
    vectors = map.place(floats: 2 * shape.hidden + shape.projected + shape.output)
    // The library's packed panels lie behind a core's own scratch.
    packed = PackedProduct.packedFloats(n: schedule.projectionTile, k: shape.hidden)
    let scratchFloats = layout.count + packed.a + packed.b
    scratch = (0..<threads).map { _ in map.place(floats: scratchFloats) }
    switch schedule.team.partition {
    case .tokens: codeTiles = (0..<threads).map { _ in map.place(floats: codeLayout.count) }
    case .tables: codeTiles = [UInt64](repeating: map.place(floats: codeLayout.count), count: threads)
    }
    let groups = (tokens + laneGroup - 1) / laneGroup
    drawnRows = kernel.drawnRows == nil ? nil : map.place(floats: groups * codeLayout.stride)
  }

  /// Where the panels lie that a core's library packs for the dense projection.
  package func packedPanels(core: Int) -> Range<UInt64> {
    let start = scratch[core] + UInt64(layout.count * 4)
    return start..<start + UInt64((packed.a + packed.b) * 4)
  }

  package func emit(to stream: AccessStream) {
    var phase: Int?
    // Cores take turns step by step: as near to running at once as steps allow, and the same on every run. None passes a
    // barrier before all have come to it.
    var next = [Int](repeating: 0, count: threads)
    while next.indices.contains(where: { next[$0] < steps[$0].count }) {
      let waiting = next.indices.allSatisfy { next[$0] == steps[$0].count || steps[$0][next[$0]] == .barrier }
      for core in 0..<threads where next[core] < steps[core].count {
        let step = steps[core][next[core]]
        if step == .barrier {
          if waiting { next[core] += 1 }
          continue
        }
        if let own = step.phase, own != phase {
          stream.enter(phase: own)
          phase = own
        }
        stream.core = UInt16(core)
        emit(step, next: schedule.blockAfter(next[core], of: steps[core]), core: core, to: stream)
        next[core] += 1
      }
    }
    stream.flush()
  }

  private func emit(_ step: LookupStep, next: Range<Int>?, core: Int, to stream: AccessStream) {
    let shape = schedule.shape
    let scratch = scratch[core]
    func at(_ offset: Int) -> UInt64 { scratch + UInt64(offset * 4) }
    let kernels = MicroKernelStream(isa: isa, stream: stream)

    switch step {
    case .normalise(let tokens):
      for token in tokens {
        stream.read(input + UInt64(token * shape.hidden * 4), bytes: shape.hidden * 4)
        stream.read(vectors, bytes: 2 * shape.hidden * 4)
        stream.write(at(layout.rows + (token - tokens.lowerBound) * layout.rowStride), bytes: shape.hidden * 4)
      }
    case .toLanes(let group, let place):
      kernels.toLanes(
        rows: group.count, columns: shape.hidden, paddedColumns: shape.paddedHidden,
        from: at(layout.rows), rowStride: layout.rowStride * 4,
        to: at(layout.lanes + place / laneGroup * layout.laneStride))
    case .factor(let tokens, let chain, let factor):
      if schedule.projectsRows(tokens) {
        emitFactorOfRows(tokens.count, chain: chain, factor: factor, at: at, to: kernels)
      } else {
        emitFactor(tokens, chain: chain, factor: factor, at: at, to: kernels)
      }
    case .project(let tokens) where projectionType == .bf16:
      let rows = tokens.count * shape.hidden
      stream.read(at(layout.rows), bytes: rows * 4)
      stream.write(at(layout.rounded), bytes: rows * 2)
      PackedProduct(m: tokens.count, n: shape.projected, k: shape.hidden, operands: .bf16).emit(
        a: at(layout.rounded), b: weights, c: at(layout.product), cStride: shape.projected, packedA: 0, packedB: 0,
        to: stream)
      stream.read(at(layout.product), bytes: tokens.count * shape.projected * 4)
      stream.write(
        at(layout.chains), bytes: (tokens.count + laneGroup - 1) / laneGroup * layout.chainStride * 4)
    case .project(let tokens):
      let product = PackedProduct(m: shape.projected, n: tokens.count, k: shape.hidden)
      product.emit(
        a: weights, b: at(layout.rows), c: at(layout.chains), cStride: schedule.projectionTile,
        packedA: at(layout.count), packedB: at(layout.count + packed.a), to: stream)
    case .score(let group, let place, let slot):
      let isBH4 = shape.projection == .bh4
      // BH4 leaves its scores in lane groups, and a dense projection in bf16 does; one in fp32 leaves them in columns.
      let isInLanes = layout.chainStride > 0
      let groupIndex = place / laneGroup
      let codes = codeTiles[core] + UInt64(codeLayout.offset(slot: slot) * 4)
      kernels.score(
        tables: shape.tables, bits: shape.codeBits,
        projected: at(layout.chains + (isInLanes ? groupIndex * layout.chainStride : place)),
        columnStride: (isInLanes ? laneGroup : schedule.projectionTile) * 4,
        input: isBH4 ? at(layout.lanes + groupIndex * layout.laneStride) : nil, inputFeatures: shape.paddedHidden,
        bias: vectors + UInt64(2 * shape.hidden * 4), codes: codes, scores: codes + UInt64(codeLayout.scores * 4))
      if let drawnRows {
        stream.read(
          drawnRows + UInt64(group.lowerBound / laneGroup * codeLayout.stride * 4), bytes: codeLayout.stride * 4)
        stream.write(codes, bytes: codeLayout.stride * 4)
      }
    case .barrier: break
    case .gather(let gather):
      emitGather(gather, next: next, core: core, at: at, to: kernels)
    }
  }

  private func emitFactor(
    _ tokens: Range<Int>, chain: Int, factor: Int, at: (Int) -> UInt64, to kernels: MicroKernelStream
  ) {
    let shape = schedule.shape
    let groups = (tokens.count + laneGroup - 1) / laneGroup
    let isLast = factor == LookupFFNShape.factors - 1
    let source = factor == 0 ? layout.lanes : (factor % 2 == 1 ? layout.ping : layout.pong)
    let target = isLast ? layout.chains + chain * layout.laneStride : (factor % 2 == 0 ? layout.ping : layout.pong)
    let stride = isLast ? layout.chainStride : layout.laneStride
    if projectionType == .fp32 {
      kernels.blockProduct(
        weights: weightsOfFactor(chain, factor), x: at(source), xStride: layout.laneStride * 4, y: at(target),
        yStride: stride * 4, blocks: shape.blocks, size: shape.blockSize, groups: groups)
    } else {
      let firstBlock = (chain * LookupFFNShape.factors + factor) * shape.blocks
      let lanesOfBlock = shape.blockSize * laneGroup
      for block in 0..<shape.blocks {
        kernels.stream.read(weights + UInt64((firstBlock + block) * blockBytes), bytes: blockBytes)
        for group in 0..<groups {
          kernels.stream.read(at(source + group * layout.laneStride + block * lanesOfBlock), bytes: lanesOfBlock * 4)
          // The pairs that they are rounded to, in the same few lines for every block.
          kernels.stream.write(at(layout.rounded), bytes: shape.inputPairs * laneGroup * 4)
          kernels.stream.write(at(target + group * stride + block * lanesOfBlock), bytes: lanesOfBlock * 4)
        }
      }
    }
    kernels.transform(
      at(target), length: shape.paddedHidden, firstStride: shape.blockSize, groups: groups, groupStride: stride * 4)
  }

  private func weightsOfFactor(_ chain: Int, _ factor: Int) -> UInt64 {
    let shape = schedule.shape
    return weights + UInt64((chain * LookupFFNShape.factors + factor) * shape.paddedHidden * shape.blockSize * 4)
  }

  /// Bytes of a BH4 block's weights.
  private var blockBytes: Int {
    let shape = schedule.shape
    return shape.blockSize * (projectionType == .bf16 ? 4 * shape.inputPairs : 4 * shape.blockSize)
  }

  private func emitFactorOfRows(
    _ count: Int, chain: Int, factor: Int, at: (Int) -> UInt64, to kernels: MicroKernelStream
  ) {
    let shape = schedule.shape
    let source = factor == 0 ? layout.rows : factor % 2 == 1 ? layout.ping : layout.pong
    let target = factor % 2 == 0 ? layout.ping : layout.pong
    let stride = layout.rowStride * 4
    if projectionType == .fp32 {
      kernels.blockProductRows(
        weights: weightsOfFactor(chain, factor), x: at(source), y: at(target), stride: stride, blocks: shape.blocks,
        size: shape.blockSize, tokens: count)
    } else {
      let firstBlock = (chain * LookupFFNShape.factors + factor) * shape.blocks
      for block in 0..<shape.blocks {
        kernels.stream.read(weights + UInt64((firstBlock + block) * blockBytes), bytes: blockBytes)
        for row in 0..<count {
          let offset = row * layout.rowStride + block * shape.blockSize
          kernels.stream.read(at(source + offset), bytes: shape.blockSize * 4)
          kernels.stream.write(at(layout.rounded), bytes: shape.blockSize * 2)
          kernels.stream.write(at(target + offset), bytes: shape.blockSize * 4)
        }
      }
    }
    kernels.transform(
      at(target), length: shape.paddedHidden / laneGroup, firstStride: shape.blockSize / laneGroup, groups: count,
      groupStride: stride)
    guard factor == LookupFFNShape.factors - 1 else { return }
    kernels.toLanes(
      rows: count, columns: shape.paddedHidden, paddedColumns: shape.paddedHidden, from: at(target), rowStride: stride,
      to: at(layout.chains + chain * layout.laneStride))
  }

  private func emitGather(
    _ step: GatherStep, next: Range<Int>?, core: Int, at: (Int) -> UInt64, to kernels: MicroKernelStream
  ) {
    let shape = schedule.shape
    let stream = kernels.stream
    let width = step.columns.count
    let block = tables + UInt64(schedule.block(of: step).lowerBound * tableType.bytes)
    let isFirst = step.tables.lowerBound == 0
    let isLast = step.tables.upperBound == shape.tables
    let streams = isLast && schedule.streamsOutput(tokens: schedule.gatheredTokens(ofWorker: core, tokens: tokens))
    let pieces = isa.gatherPieces(columns: width, tables: step.tables.count)
    let together = kernels.tokensTogether(columns: width)

    func sums(_ index: Int, _ column: Int) -> UInt64 {
      schedule.keepsSums
        ? at(layout.sums + (step.slot + index) * width + column) : out(index, column)
    }
    func out(_ index: Int, _ column: Int) -> UInt64 {
      output + UInt64(((step.tokens.lowerBound + index) * shape.output + step.columns.lowerBound + column) * 4)
    }
    func gather(_ piece: Range<Int>, of tokens: Range<Int>) {
      if !isFirst {
        for index in tokens { stream.read(sums(index, piece.lowerBound), bytes: piece.count * 4) }
      }
      for table in step.tables {
        for index in tokens {
          let slot = step.slot + index
          // Tokens that go together are of one lane group, and so are of one line their codes, and their scores.
          if index == tokens.lowerBound {
            let codeAddress = codeTiles[core] + UInt64((codeLayout.offset(slot: slot) + slot % laneGroup) * 4)
            stream.read(codeAddress + UInt64(table * laneGroup * 4), bytes: 4 * tokens.count)
            stream.read(codeAddress + UInt64((codeLayout.scores + table * laneGroup) * 4), bytes: 4 * tokens.count)
          }
          let code = Int(codes[(step.tokens.lowerBound + index) * shape.tables + table])
          // A plain read although data chooses it: its latency passes beside that of the row, which is waited for anyway.
          if let scales { stream.read(scales + UInt64((table * shape.tableRows + code) * 4), bytes: 4) }
          let row = (table - step.tables.lowerBound) * shape.tableRows + code
          stream.gather(
            block + UInt64((row * width + piece.lowerBound) * tableType.bytes), bytes: piece.count * tableType.bytes)
        }
      }
      for index in tokens {
        if streams {
          stream.writeNontemporal(out(index, piece.lowerBound), bytes: piece.count * 4)
        } else {
          stream.write(isLast ? out(index, piece.lowerBound) : sums(index, piece.lowerBound), bytes: piece.count * 4)
        }
      }
    }

    var index = 0
    while index < step.tokens.count {
      // Within a lane group and the step.
      let count = min(together, laneGroup - (step.slot + index) % laneGroup, step.tokens.count - index)
      if let next {
        // Whole lines, in equal parts with every token.
        let lines = next.count * tableType.bytes / 64
        let part = (lines * index / step.tokens.count)..<(lines * (index + count) / step.tokens.count)
        stream.read(tables + UInt64(next.lowerBound * tableType.bytes + part.lowerBound * 64), bytes: part.count * 64)
      }
      for piece in pieces {
        // As many tokens at a time as the piece takes, then what is left one by one.
        let whole = index + count - count % piece.tokens
        for first in stride(from: index, to: whole, by: piece.tokens) {
          gather(piece.columns, of: first..<first + piece.tokens)
        }
        for single in whole..<index + count { gather(piece.columns, of: single..<single + 1) }
      }
      index += count
    }
  }
}

extension LookupFFNShape {
  /// Passes over the data of the transform's stages across blocks, three stages a pass, as in `hadamard.h`.
  var transformPasses: Int {
    let stages = blocks.trailingZeroBitCount
    return (stages + 2) / 3
  }
}

extension ISA {
  /// Outputs of a block product that share one load of its input (`block_product.h`).
  var blockOutputs: Int {
    switch self {
    case .avx512: return 8
    case .avx2: return 4
    case .neon: return 4
    case .scalar: return 2
    }
  }

  /// Floats in a vector.
  public var vectorLanes: Int {
    switch self {
    case .avx512: return 16
    case .avx2: return 8
    case .neon, .scalar: return 4
    }
  }
}

extension TableType {
  /// Vector operations that make fp32 of an entry: zero-extension and shift, or sign-extension and conversion.
  var wideningOperations: Int { self == .fp32 ? 0 : 2 }
}

extension LookupFFN {
  public func workload(input: UnsafePointer<Float>, tokens: Int, threads: Int) throws -> any Workload {
    let codes = try gatheredRows(input: input, tokens: tokens)
    return LookupWorkload(kernel: self, codes: codes, tokens: tokens, threads: threads)
  }
}
