import CacheModel

/// A LookupFFN pass as the cache model sees it: the steps of the schedule that runs, with the codes of real tokens.
///
/// Granularity: each step states its operands once, row pieces of the gather as they are loaded. Operands that a
/// micro-kernel re-reads from the first-level cache within a step are counted in `PhaseWork.loadBytes` instead.
struct LookupWorkload: Workload {
  let tokens: Int
  let threads: Int
  let phases: [PhaseWork]
  private let schedule: LookupSchedule
  private let tableType: TableType
  /// [tokens, tables]
  private let codes: [Int32]
  /// Floats that the gather holds in registers: a row is read in pieces of this width.
  private let gatherPiece: Int

  private let input: UInt64
  private let output: UInt64
  private let tables: UInt64
  private let scales: UInt64?
  private let weights: UInt64
  private let vectors: UInt64
  private let scratch: [UInt64]
  private let layout: LookupScratch
  private let packed: (a: Int, b: Int)

  init(kernel: LookupFFN, codes: [Int32], tokens: Int, threads: Int) {
    let shape = kernel.shape
    self.tokens = tokens
    self.threads = threads
    self.codes = codes
    schedule = kernel.schedule
    tableType = kernel.tableType
    gatherPiece = kernel.isa.gatherColumns
    phases = kernel.phaseWork(tokens: tokens)
    layout = LookupScratch(kernel.schedule, tokens: tokens)

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
    packed = PackedProduct.packedFloats(n: kernel.schedule.projectionTile, k: shape.hidden)
    let scratchFloats = layout.count + packed.a + packed.b
    scratch = (0..<threads).map { _ in map.place(floats: scratchFloats) }
  }

  func emit(to stream: AccessStream) {
    let shares = partition(tokens: tokens, workers: threads)
    let lists = shares.map { schedule.steps(tokens: $0) }
    var phase: Int?
    // Cores take turns step by step: as near to running at once as steps allow, and the same on every run.
    for index in 0..<(lists.map(\.count).max() ?? 0) {
      for core in 0..<threads where index < lists[core].count {
        let step = lists[core][index]
        if step.phase != phase {
          stream.enter(phase: step.phase)
          phase = step.phase
        }
        stream.core = UInt16(core)
        emit(
          step, next: schedule.blockAfter(index, of: lists[core]), share: shares[core], scratch: scratch[core],
          to: stream)
      }
    }
    stream.flush()
  }

  private func emit(
    _ step: LookupStep, next: Range<Int>?, share: Range<Int>, scratch: UInt64, to stream: AccessStream
  ) {
    let shape = schedule.shape
    func place(_ token: Int) -> Int { (token - share.lowerBound) % schedule.tokenTile % schedule.projectionTile }
    func at(_ offset: Int) -> UInt64 { scratch + UInt64(offset * 4) }

    switch step {
    case .normalise(let tokens):
      for token in tokens {
        stream.read(input + UInt64(token * shape.hidden * 4), bytes: shape.hidden * 4)
        stream.read(vectors, bytes: 2 * shape.hidden * 4)
        stream.write(at(layout.rows + place(token) * layout.rowStride), bytes: shape.hidden * 4)
      }
    case .toLanes(let group):
      for token in group {
        stream.read(at(layout.rows + place(token) * layout.rowStride), bytes: shape.hidden * 4)
      }
      stream.write(
        at(layout.lanes + place(group.lowerBound) / laneGroup * layout.laneStride), bytes: layout.laneStride * 4)
    case .factor(let tokens, let chain, let factor):
      if schedule.projectsRows(tokens) {
        let first = place(tokens.lowerBound)
        emitFactorOfRows(first..<first + tokens.count, chain: chain, factor: factor, at: at, to: stream)
      } else {
        emitFactor(tokens, chain: chain, factor: factor, at: at, to: stream)
      }
    case .project(let tokens):
      let product = PackedProduct(m: shape.projected, n: tokens.count, k: shape.hidden)
      product.emit(
        a: weights, b: at(layout.rows), c: at(layout.chains), cStride: schedule.projectionTile,
        packedA: at(layout.count), packedB: at(layout.count + packed.a), to: stream)
    case .score(let group):
      let groupIndex = place(group.lowerBound) / laneGroup
      if shape.projection == .bh4 {
        stream.read(at(layout.chains + groupIndex * layout.chainStride), bytes: shape.projected * laneGroup * 4)
        stream.read(at(layout.lanes + groupIndex * layout.laneStride), bytes: layout.laneStride * 4)
      } else {
        for column in 0..<shape.projected {
          stream.read(
            at(layout.chains + column * schedule.projectionTile + place(group.lowerBound)), bytes: laneGroup * 4)
        }
      }
      stream.read(vectors + UInt64(2 * shape.hidden * 4), bytes: shape.projected * 4)
      let offset = codeOffset(group.lowerBound, share)
      stream.write(at(layout.codes + offset), bytes: layout.codeStride * 4)
      stream.write(at(layout.scores + offset), bytes: layout.codeStride * 4)
    case .gather(let gather):
      emitGather(gather, next: next, share: share, at: at, to: stream)
    }
  }

  private func emitFactor(
    _ tokens: Range<Int>, chain: Int, factor: Int, at: (Int) -> UInt64, to stream: AccessStream
  ) {
    let shape = schedule.shape
    let groups = (tokens.count + laneGroup - 1) / laneGroup
    let isLast = factor == LookupFFNShape.factors - 1
    let source = factor == 0 ? layout.lanes : (factor % 2 == 1 ? layout.ping : layout.pong)
    let target = isLast ? layout.chains + chain * layout.laneStride : (factor % 2 == 0 ? layout.ping : layout.pong)
    let stride = isLast ? layout.chainStride : layout.laneStride
    let blockFloats = shape.blockSize * shape.blockSize
    let lanesOfBlock = shape.blockSize * laneGroup
    let firstBlock = (chain * LookupFFNShape.factors + factor) * shape.blocks

    for block in 0..<shape.blocks {
      stream.read(weights + UInt64((firstBlock + block) * blockFloats * 4), bytes: blockFloats * 4)
      for group in 0..<groups {
        stream.read(at(source + group * layout.laneStride + block * lanesOfBlock), bytes: lanesOfBlock * 4)
        stream.write(at(target + group * stride + block * lanesOfBlock), bytes: lanesOfBlock * 4)
      }
    }
    for _ in 0..<shape.transformPasses {
      for group in 0..<groups {
        stream.read(at(target + group * stride), bytes: layout.laneStride * 4)
        stream.write(at(target + group * stride), bytes: layout.laneStride * 4)
      }
    }
  }

  /// `places` are the tokens' places within the projection tile.
  private func emitFactorOfRows(
    _ places: Range<Int>, chain: Int, factor: Int, at: (Int) -> UInt64, to stream: AccessStream
  ) {
    let shape = schedule.shape
    let source =
      factor == 0 ? layout.rows + places.lowerBound * layout.rowStride : factor % 2 == 1 ? layout.ping : layout.pong
    let target = factor % 2 == 0 ? layout.ping : layout.pong
    let blockFloats = shape.blockSize * shape.blockSize
    let firstBlock = (chain * LookupFFNShape.factors + factor) * shape.blocks
    for block in 0..<shape.blocks {
      stream.read(weights + UInt64((firstBlock + block) * blockFloats * 4), bytes: blockFloats * 4)
      for row in 0..<places.count {
        let offset = row * layout.rowStride + block * shape.blockSize
        stream.read(at(source + offset), bytes: shape.blockSize * 4)
        stream.write(at(target + offset), bytes: shape.blockSize * 4)
      }
    }
    let bytes = places.count * layout.rowStride * 4
    for _ in 0..<shape.transformPasses {
      stream.read(at(target), bytes: bytes)
      stream.write(at(target), bytes: bytes)
    }
    guard factor == LookupFFNShape.factors - 1 else { return }
    stream.read(at(target), bytes: bytes)
    stream.write(at(layout.chains + chain * layout.laneStride), bytes: layout.laneStride * 4)
  }

  private func emitGather(
    _ step: GatherStep, next: Range<Int>?, share: Range<Int>, at: (Int) -> UInt64, to stream: AccessStream
  ) {
    let shape = schedule.shape
    let block = tables + UInt64(schedule.block(of: step).lowerBound * tableType.bytes)
    let isFirst = step.tables.lowerBound == 0
    let isLast = step.tables.upperBound == shape.tables
    let streams = isLast && schedule.streamsOutput(tokens: share.count)
    for (index, token) in step.tokens.enumerated() {
      if let next {
        // As gather.h does: whole lines, in equal parts with every token.
        let lines = next.count * tableType.bytes / 64
        let part = (lines * index / step.tokens.count)..<(lines * (index + 1) / step.tokens.count)
        stream.read(tables + UInt64(next.lowerBound * tableType.bytes + part.lowerBound * 64), bytes: part.count * 64)
      }
      let lane = (token - share.lowerBound) % laneGroup
      let offset = codeOffset(token - lane, share) + lane
      for piece in step.columns.pieces(of: gatherPiece) {
        let out = output + UInt64((token * shape.output + piece.lowerBound) * 4)
        let place = (token - share.lowerBound) % schedule.tokenTile * step.columns.count
        let sums =
          schedule.sumFloats > 0 ? at(layout.sums + place + piece.lowerBound - step.columns.lowerBound) : out
        if !isFirst { stream.read(sums, bytes: piece.count * 4) }
        for table in step.tables {
          stream.read(at(layout.codes + offset + table * laneGroup), bytes: 4)
          stream.read(at(layout.scores + offset + table * laneGroup), bytes: 4)
          let code = Int(codes[token * shape.tables + table])
          // A plain read although data chooses it: its latency passes beside that of the row, which is waited for anyway.
          if let scales { stream.read(scales + UInt64((table * shape.tableRows + code) * 4), bytes: 4) }
          let row = (table - step.tables.lowerBound) * shape.tableRows + code
          let entry = row * step.columns.count + piece.lowerBound - step.columns.lowerBound
          stream.gather(block + UInt64(entry * tableType.bytes), bytes: piece.count * tableType.bytes)
        }
        if streams {
          stream.writeNontemporal(out, bytes: piece.count * 4)
        } else {
          stream.write(isLast ? out : sums, bytes: piece.count * 4)
        }
      }
    }
  }

  private func codeOffset(_ token: Int, _ share: Range<Int>) -> Int {
    (token - share.lowerBound) % schedule.tokenTile / laneGroup * layout.codeStride
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
  /// Output columns that the gather holds in registers: half of the vector registers (`gather.h`).
  var gatherColumns: Int {
    switch self {
    case .avx512: return 16 * 16
    case .avx2: return 8 * 8
    case .neon: return 16 * 4
    case .scalar: return 8 * 4
    }
  }

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
  /// Instructions that a core looks ahead, which bounds the rows in flight: 320 is the smaller of the current server
  /// cores' reorder buffers (Zen 4 and Neoverse V2 320, Zen 5 448, Golden Cove 512).
  private static let reorderWindow = 320.0

  /// Work of the micro-kernels as written: their instructions, not the definition's FLOPs.
  func phaseWork(tokens: Int) -> [PhaseWork] {
    let n = Double(tokens)
    let d = Double(shape.hidden)
    let z = Double(shape.projected)
    let padded = Double(shape.paddedHidden)
    let t = Double(shape.tables)
    let out = Double(shape.output)
    let isBH4 = shape.projection == .bh4

    // Three passes: sum; difference and square-add; difference, scale, scale-and-shift. The transpose shuffles each
    // vector log2(lanes) times.
    let shuffles = isBH4 ? Double(isa.vectorLanes.trailingZeroBitCount) : 0
    let normalise = PhaseWork(
      name: "layer norm", multiplyAdds: 2 * d * n, otherOperations: (4 + shuffles) * d * n,
      loadBytes: (isBH4 ? 6 : 5) * 4 * d * n, storeBytes: 4 * (d + (isBH4 ? padded : 0)) * n)

    let projection: PhaseWork
    if isBH4 {
      let factors = Double(shape.repeats * LookupFFNShape.factors)
      let products = factors * padded * Double(shape.blockSize)
      let passes = Double(shape.transformPasses)
      projection = PhaseWork(
        name: "projection", multiplyAdds: products * n,
        otherOperations: factors * padded * Double(shape.blocks.trailingZeroBitCount) * n,
        loadBytes: 4 * (products / Double(min(isa.blockOutputs, shape.blockSize)) + factors * padded * passes) * n,
        storeBytes: 4 * factors * padded * (1 + passes) * n)
    } else {
      projection = PackedProduct.work(name: "projection", multiplyAdds: z * d * n)
    }

    // Per projected value: bias, mix, |z|, sum, -2 |z|, the 6 multiply-adds and 7 other steps of exp, 1 + and product,
    // comparison and two steps of the code. Per table one division, worth about 10 vector operations.
    let score = PhaseWork(
      name: "code and score", multiplyAdds: 8 * z * n, otherOperations: (15 * z + 10 * t) * n,
      loadBytes: 4 * (isBH4 ? 2 : 1) * z * n, storeBytes: 4 * 2 * t * n)

    let passesOverOutput: Double
    let width: Int
    switch strategy.order {
    case .token: (passesOverOutput, width) = (1, min(shape.output, isa.gatherColumns))
    case .table: (passesOverOutput, width) = (t, min(shape.output, isa.gatherColumns))
    case .sliced:
      let group = schedule.tableGroup(tileTokens: min(tokens, schedule.tokenTile))
      passesOverOutput = (t / Double(group)).rounded(.up)
      width = min(shape.output, strategy.columnSlice, isa.gatherColumns)
    }
    // Per row piece: one multiply-add per vector and what widens it, and about 5 instructions for code, score, address and
    // loop; int8 two more for the scale. Arithmetic is fp32 whatever the tables, so `operands` stays fp32 and the type
    // shows in the bytes.
    let widening = Double(tableType.wideningOperations)
    let pieces = t * (out / Double(width)).rounded(.up)
    let overhead = tableType.scaleBytes > 0 ? 7.0 : 5.0
    let instructionsPerRow = Double(width) / Double(isa.vectorLanes) * (1 + widening) + overhead
    let rowBytes = t * out * Double(tableType.bytes) + pieces * Double(tableType.scaleBytes)
    let gather = PhaseWork(
      name: "gather", multiplyAdds: t * out * n, otherOperations: widening * t * out * n,
      loadBytes: (rowBytes + 4 * passesOverOutput * out) * n, storeBytes: 4 * passesOverOutput * out * n,
      independentRows: max(
        LookupFFN.reorderWindow / instructionsPerRow,
        Double(schedule.prefetchRows(tileTokens: min(tokens, schedule.tokenTile)))),
      rowBytes: Double(width * tableType.bytes))
    return [normalise, projection, score, gather]
  }

  public func workload(input: UnsafePointer<Float>, tokens: Int, threads: Int) throws -> any Workload {
    let codes = try intermediates(input: input, tokens: Array(0..<tokens)).codes
    return LookupWorkload(kernel: self, codes: codes, tokens: tokens, threads: threads)
  }
}
