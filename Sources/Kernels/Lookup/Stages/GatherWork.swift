import AccessStreams

/// The work of a gather in a core, from the pieces in which its micro-kernel processes rows and sums.
///
/// Instructions beyond those of the definition are counted by callgrind in the compiled AVX2 code, with pieces of 16
/// to 64 columns and groups of 1 to 128 tables (`make test-streams` compares them).
struct GatherWork {
  /// Size of the reorder buffer in instructions, which bounds the rows in flight: 320 is the smallest of current
  /// server cores (Zen 4 and Neoverse V2 320, Zen 5 448, Golden Cove 512).
  private static let reorderWindow = 320.0

  private let task: LookupTask
  private let strategy: LookupStrategy
  private let schedule: LookupSchedule

  /// Tables that one call processes.
  private let tablesOfCall: Int
  /// Rows ahead whose lines are prefetched.
  private let rowsAhead: Double
  /// For each slice, whether the micro-kernel has a loop for its width.
  private let haveOwnLoop: [Bool]
  /// Pieces per row, and their mean width in columns and in vectors.
  private let rowPieces: Double
  private let columns: Double
  private let vectors: Double
  /// Tokens whose pieces are computed together, as many as keep eight sums in flight.
  private let together: Double

  init(_ task: LookupTask, _ strategy: LookupStrategy) {
    let schedule = LookupSchedule(shape: task.shape, strategy: strategy, team: task.team)
    let tileTokens = min(schedule.gatheredTokens(ofWorker: 0, tokens: task.tokens), schedule.tokenTile)
    let tablesOfCall =
      switch strategy.order {
      case .token: task.shape.tables
      case .table: 1
      case .sliced: strategy.tableGroup(of: task.shape, tileTokens: tileTokens)
      }
    let slices = schedule.slices
    haveOwnLoop = slices.map { task.isa.hasOwnGatherLoop(columns: $0.count) }
    rowPieces = Double(slices.map { task.isa.gatherPieces(columns: $0.count, tables: tablesOfCall).count }.reduce(0, +))
    columns = Double(task.shape.output) / rowPieces
    vectors = columns / Double(task.isa.vectorLanes)
    together = haveOwnLoop.allSatisfy(\.self) ? max(1, (Double(ISA.gatherSums) / vectors).rounded(.down)) : 1
    rowsAhead = Double(schedule.prefetchRows(tileTokens: tileTokens))
    self.tablesOfCall = tablesOfCall
    self.task = task
    self.strategy = strategy
    self.schedule = schedule
  }

  private var tables: Double { Double(task.shape.tables) }
  private var output: Double { Double(task.shape.output) }
  private var isScaled: Bool { task.tableType.scaleBytes > 0 }

  /// Vector operations that widen a vector of entries to fp32. Arithmetic is fp32 for every type of tables, so
  /// `operands` stays fp32 and the type shows in the bytes.
  private var widening: Double { Double(task.tableType.wideningOperations) }

  /// Row pieces of a token.
  private var pieces: Double { tables * rowPieces }

  private var passesOverOutput: Double { (tables / Double(tablesOfCall)).rounded(.up) }

  /// Visits per token. In a visit, a piece of a token's sums passes through a group of tables: the sums are loaded,
  /// rows are added one after another, and the sums are stored.
  private var visits: Double { passesOverOutput * rowPieces }
  private var rowsOfVisit: Double { tables / passesOverOutput }

  /// Whether a row is added as a whole, which takes one address, one weight and a loop over its vectors.
  private var addsRows: Bool { tablesOfCall == 1 && !haveOwnLoop.contains(true) }

  /// Per piece, code and score are loaded, and for int8 the scale.
  private var narrowLoadsOfPiece: Double { isScaled ? 3.0 : 2.0 }
  /// Per piece, an address is computed, plus a share of the loop over tables.
  private var scalarOfPiece: Double { (isScaled ? 3 : 1) + 5.5 / together }

  /// Scalar instructions of a token.
  private var scalarInstructions: Double {
    if addsRows { return visits * (66 + 1.6 * vectors) }
    // A prefetched row takes an address too, and an instruction for each of its lines.
    let prefetched = rowsAhead > 0 ? max(0, 1 - rowsAhead / rowsOfVisit) * pieces : 0
    let linesOfPiece = max(1, columns * Double(task.tableType.bytes) / 64)
    // A call has work per token, most where its columns are not of a width with a loop of its own.
    let callsOfToken = passesOverOutput * haveOwnLoop.reduce(0) { $0 + ($1 ? 16 : 80) }
    // Per visit, the addresses of the sums are computed.
    return pieces * scalarOfPiece + prefetched * (3 + linesOfPiece) + visits * 21 + callsOfToken
  }

  /// Loads of pointers to sums, about two per vector.
  private var sumPointers: Double { addsRows ? 0 : visits * 1.75 * vectors }

  private var chains: Chains {
    Chains(
      steps: visits / together * (rowsOfVisit + 4) * Double(task.isa.vectorLanes) * Double(task.tokens),
      operations: vectors * together * (rowsOfVisit * (1 + widening) + 2))
  }

  /// The work of the whole pass: per row piece one multiply-add per vector, and the operations that widen it.
  var phase: PhaseWork {
    let n = Double(task.tokens)
    let entry = Double(task.tableType.bytes)
    let instructionsPerRow = vectors * (1 + widening) + narrowLoadsOfPiece + scalarOfPiece
    // Bytes as stored; the scale that each piece reads is among the narrow loads.
    let rowBytes = tables * (output * entry + Double(task.tableType.scaleBytes))
    return PhaseWork(
      name: GatherStage.name, multiplyAdds: tables * output * n, otherOperations: widening * tables * output * n,
      loadBytes: (rowBytes + 4 * passesOverOutput * output) * n, storeBytes: 4 * passesOverOutput * output * n,
      narrowLoads: (pieces * narrowLoadsOfPiece + sumPointers) * n, scalarInstructions: scalarInstructions * n,
      chains: chains, independentRows: max(GatherWork.reorderWindow / instructionsPerRow, rowsAhead),
      rowBytes: columns * entry, wholeRowBytes: strategy.order == .sliced ? 0 : output * entry,
      rowOperations: vectors * (1 + widening), prefetchedRows: rowsAhead)
  }
}

extension TableType {
  /// Vector operations that widen an entry to fp32: zero-extension and shift, or sign-extension and conversion.
  fileprivate var wideningOperations: Int { self == .fp32 ? 0 : 2 }
}
