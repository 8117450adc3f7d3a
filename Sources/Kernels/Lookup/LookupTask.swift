import AccessStreams

/// A pass of look-ups as far as it is known before a strategy is chosen for it.
public struct LookupTask: Hashable, Sendable {
  public var shape: LookupFFNShape
  public var tableType: TableType
  public var projectionType: ProjectionType
  public var isa: ISA
  public var team: LookupTeam
  /// Tokens of the batch, all workers together.
  public var tokens: Int

  public init(
    shape: LookupFFNShape, tableType: TableType, projectionType: ProjectionType = .fp32, isa: ISA, team: LookupTeam,
    tokens: Int
  ) {
    self.shape = shape
    self.tableType = tableType
    self.projectionType = projectionType
    self.isa = isa
    self.team = team
    self.tokens = tokens
  }
}

extension LookupTask {
  /// Instructions that a core looks ahead, which bounds the rows in flight: 320 is the smaller of the current server
  /// cores' reorder buffers (Zen 4 and Neoverse V2 320, Zen 5 448, Golden Cove 512).
  private static let reorderWindow = 320.0

  /// Sums of a row's layer normalisation side by side (`NORM_SUMS` in layer_norm.h).
  private static let normSums = 8

  /// Instructions beside those of the definition, for each vector of it, counted by callgrind in the compiled AVX2 code
  /// (`make test-streams` compares them): addresses, loops, and vectors loaded by instructions of their own.
  private enum Overhead {
    static let normalise = 4.0
    static let transpose = 2.0
    /// For each row that is normalised.
    static let row = 250.0
    /// For each multiply-add of a BH4 projection.
    static let blockProduct = 0.85
    /// For each projected value; and loads of constants, for which there are too few registers.
    static let score = 20.0
    static let scoreLoads = 6.0
  }

  /// Work of the micro-kernels as `strategy` walks through the pass: their instructions as written, not the definition's
  /// FLOPs.
  public func phases(_ strategy: LookupStrategy) -> [PhaseWork] {
    let n = Double(tokens)
    // Lane groups compute all of their lanes.
    let lanes = Double((tokens + laneGroup - 1) / laneGroup * laneGroup)
    let d = Double(shape.hidden)
    let z = Double(shape.projected)
    let padded = Double(shape.paddedHidden)
    let t = Double(shape.tables)
    let out = Double(shape.output)
    let isBH4 = shape.projection == .bh4

    let width = Double(isa.vectorLanes)
    // Three passes: sum; difference and square-add; difference, scale, scale-and-shift. The transpose shuffles each
    // vector log2(lanes) times.
    let shuffles = isBH4 ? Double(isa.vectorLanes.trailingZeroBitCount) : 0
    // Both sums of a row wait for their terms, then for those side by side and the lanes of a vector to be added, and in all
    // three divisions and a root are waited for, of about three multiply-adds' latency each.
    let normSteps =
      2 * (d / (width * Double(LookupTask.normSums)) + Double(LookupTask.normSums.trailingZeroBitCount) + width) + 4 * 3
    let normalise = PhaseWork(
      name: "layer norm", multiplyAdds: 2 * d * n, otherOperations: (4 + shuffles) * d * n,
      loadBytes: (isBH4 ? 6 : 5) * 4 * d * n, storeBytes: 4 * (d + (isBH4 ? padded : 0)) * n,
      scalarInstructions: ((Overhead.normalise + (isBH4 ? Overhead.transpose : 0)) * d / width + Overhead.row) * n,
      // A row's last pass waits for its sums, and is too long for the next row to begin meanwhile.
      chains: Chains(steps: normSteps * width * n, operations: .infinity))

    var projection: PhaseWork
    if isBH4 {
      let factors = Double(shape.repeats * LookupFFNShape.factors)
      let products = factors * padded * Double(shape.blockSize)
      let passes = Double(shape.transformPasses)
      let n = LookupSchedule(shape: shape, strategy: strategy, team: team).projectsRows(0..<tokens) ? n : lanes
      let element = Double(projectionType.element.bytes)
      projection = PhaseWork(
        name: StageAccount.projection, multiplyAdds: products * n,
        otherOperations: factors * padded * Double(shape.blocks.trailingZeroBitCount) * n,
        loadBytes: (element * products / Double(min(isa.blockOutputs, shape.blockSize)) + 4 * factors * padded * passes)
          * n,
        storeBytes: 4 * factors * padded * (1 + passes) * n,
        // Lane groups broadcast a weight for all of their tokens, a pair of bf16 at once; rows an input for some of the outputs.
        narrowLoads: products * n / Double(laneGroup) / (projectionType == .bf16 ? 2 : 1),
        scalarInstructions: Overhead.blockProduct * products / width * n / (projectionType == .bf16 ? 2 : 1),
        operands: OperandType(projectionType.element))
      if projectionType == .bf16 {
        projection.usesVectorsOnly = true
        // Of each pair of inputs two floats are read, converted together, put in pairs, and stored.
        projection.otherOperations += factors * padded * n
        projection.loadBytes += 4 * factors * padded * n
        projection.storeBytes += 2 * factors * padded * n
      }
    } else {
      projection = PackedProduct.work(
        name: StageAccount.projection, multiplyAdds: z * d * n, operands: OperandType(projectionType.element))
      if projectionType == .bf16 {
        // Rounding a float takes four whole-number operations, as in a dense network; the result is transposed.
        projection.otherOperations += (4 * d + Double(isa.vectorLanes.trailingZeroBitCount) * z) * n
        projection.loadBytes += 4 * (d + z) * n
        projection.storeBytes += (2 * d + 4 * z) * n
      }
    }

    // Per projected value: bias, mix, |z|, sum, -2 |z|, the 6 multiply-adds and 7 other steps of exp, 1 + and product,
    // comparison and two steps of the code. Per table one division, worth about 10 vector operations.
    let score = PhaseWork(
      name: "code and score", multiplyAdds: 8 * z * lanes, otherOperations: (15 * z + 10 * t) * lanes,
      loadBytes: 4 * (isBH4 ? 2 : 1) * z * lanes, storeBytes: 4 * 2 * t * lanes,
      narrowLoads: Overhead.scoreLoads * z / width * lanes, scalarInstructions: Overhead.score * z / width * lanes,
      // A value's way: bias, mix, |z|, -2 |z|, its exponential of 12 steps, product.
      chains: Chains(steps: 16 * z * lanes, operations: 26))

    let schedule = LookupSchedule(shape: shape, strategy: strategy, team: team)
    let tileTokens = min(schedule.gatheredTokens(ofWorker: 0, tokens: tokens), schedule.tokenTile)
    let tablesOfCall =
      switch strategy.order {
      case .token: shape.tables
      case .table: 1
      case .sliced: strategy.tableGroup(of: shape, tileTokens: tileTokens)
      }
    let passesOverOutput = (t / Double(tablesOfCall)).rounded(.up)
    let haveOwnLoop = schedule.slices.map { isa.hasOwnGatherLoop(columns: $0.count) }
    let addsRows = tablesOfCall == 1 && !haveOwnLoop.contains(true)
    // Of a row, and their mean width.
    let rowPieces = Double(
      schedule.slices.map { isa.gatherPieces(columns: $0.count, tables: tablesOfCall).count }.reduce(0, +))
    let columns = out / rowPieces
    // Per row piece one multiply-add per vector and what widens it. Arithmetic is fp32 whatever the tables, so `operands`
    // stays fp32 and the type shows in the bytes.
    let widening = Double(tableType.wideningOperations)
    let pieces = t * rowPieces
    // A piece of a token's sums passes through a group of tables: its sums are loaded, its rows added one after another, and
    // the sums stored, with as many tokens' pieces side by side as keep eight sums busy.
    let vectors = columns / width
    let together = haveOwnLoop.allSatisfy(\.self) ? max(1, (Double(ISA.gatherSums) / vectors).rounded(.down)) : 1
    let visits = passesOverOutput * rowPieces
    let rowsOfVisit = t / passesOverOutput
    // Counted by callgrind in the compiled code, with pieces of 16 to 64 columns and groups of 1 to 128 tables. Per piece its
    // code and score are loaded (int8: and its scale), it takes an address, and a share of the loop over tables; per visit
    // there are the sums' addresses, and about two pointers a vector are loaded. A row that is added as a whole has one address
    // and one weight, and no more than the loop over its vectors.
    let narrowLoads = tableType.scaleBytes > 0 ? 3.0 : 2.0
    let scalarOfPiece = (tableType.scaleBytes > 0 ? 3 : 1) + 5.5 / together
    // A call does something for each token, most where its columns are not of a width that has a loop of its own; a row ahead
    // has an address too, and each of its lines an instruction.
    let callsOfToken = passesOverOutput * haveOwnLoop.reduce(0) { $0 + ($1 ? 16 : 80) }
    let ahead = Double(schedule.prefetchRows(tileTokens: tileTokens))
    let prefetched = ahead > 0 ? max(0, 1 - ahead / rowsOfVisit) * pieces : 0
    let linesOfPiece = max(1, columns * Double(tableType.bytes) / 64)
    let scalar =
      addsRows
      ? visits * (66 + 1.6 * vectors)
      : pieces * scalarOfPiece + prefetched * (3 + linesOfPiece) + visits * 21 + callsOfToken
    let sumPointers = addsRows ? 0 : visits * 1.75 * vectors
    let chains = Chains(
      steps: visits / together * (rowsOfVisit + 4) * Double(isa.vectorLanes) * n,
      operations: vectors * together * (rowsOfVisit * (1 + widening) + 2))
    let instructionsPerRow = vectors * (1 + widening) + narrowLoads + scalarOfPiece
    // As they are stored: that each piece reads its row's scale is among the narrow loads.
    let rowBytes = t * (out * Double(tableType.bytes) + Double(tableType.scaleBytes))
    let gather = PhaseWork(
      name: "gather", multiplyAdds: t * out * n, otherOperations: widening * t * out * n,
      loadBytes: (rowBytes + 4 * passesOverOutput * out) * n, storeBytes: 4 * passesOverOutput * out * n,
      narrowLoads: (pieces * narrowLoads + sumPointers) * n,
      scalarInstructions: scalar * n, chains: chains,
      independentRows: max(LookupTask.reorderWindow / instructionsPerRow, ahead),
      rowBytes: columns * Double(tableType.bytes),
      wholeRowBytes: strategy.order == .sliced ? 0 : out * Double(tableType.bytes),
      rowOperations: vectors * (1 + widening),
      prefetchedRows: ahead)
    return [normalise, projection, score, gather]
  }
}
