import AccessStreams
import Foundation

extension LookupNetwork {
  public func estimate(_ pass: Pass) -> PassEstimate? {
    strategy.map { StrategyEstimate(self, pass, $0).passEstimate }
  }

  public func tokensToTime(_ pass: Pass) -> Int {
    guard let strategy else { return pass.tokens }
    return min(pass.tokens, partition == .tables ? strategy.tokenTile : strategy.tokenTile * pass.threads)
  }
}

/// The working set and traffic of a strategy, computed from sizes alone (docs/reference/methods.md, "The autotuner").
///
/// Only the gather's operands are included, because all other stages move the same bytes with every strategy.
private struct StrategyEstimate {
  let task: LookupTask
  let strategy: LookupStrategy

  init(_ network: LookupNetwork, _ pass: Pass, _ strategy: LookupStrategy) {
    task = LookupTask(
      shape: network.shape, tableType: network.dtype, hashType: network.projectionDtype ?? .fp32, isa: pass.isa,
      team: network.team(pass.threads), tokens: pass.tokens)
    self.strategy = strategy
  }

  var passEstimate: PassEstimate {
    let phases = task.phases(strategy)
    var widened = task
    widened.hashType = .fp32
    var family = strategy
    family.tokenTile = 0
    return PassEstimate(
      phases: phases, widenedPhases: task.hashType == .fp32 ? phases : widened.phases(strategy),
      arrays: phases.map { $0.name == GatherStage.name ? arrays : [] }, workingSetBytes: workingSetBytes,
      // Tiles of one strategy have nearly the same estimate.
      family: family.label,
      // Batches with fewer tokens than a table has rows take little time, and sizes hardly tell their few walks apart.
      distinguishesStrategies: task.team.share(of: task.tokens) >= task.shape.tableRows)
  }

  /// Tables per step, from which the rest follows.
  private var group: Double {
    switch strategy.order {
    case .token: return Double(task.shape.tables)
    case .table: return 1
    case .sliced: return Double(strategy.tableGroup(of: task.shape, tileTokens: Int(tile)))
    }
  }

  /// Columns that one worker gathers in a tile.
  private var columns: Double {
    let output = Double(task.shape.output)
    return task.team.axis == .tables ? output / Double(task.team.workers) : output
  }

  private var slice: Double {
    strategy.order == .sliced ? min(columns, Double(strategy.columnSlice)) : columns
  }

  /// Tokens whose rows one worker reads, and tokens of one of its tiles.
  private var tokens: Double {
    let all = Double(task.tokens)
    return task.team.axis == .tables ? all : all / Double(task.team.workers)
  }

  private var tile: Double { min(tokens, Double(strategy.tokenTile)) }

  /// Bytes that a step keeps in use: the rows of its group that the tile's tokens read. n tokens with uniform codes
  /// read rows x (1 - exp(-n / rows)) of a table's rows.
  var workingSetBytes: Double {
    let rows = Double(task.shape.tableRows)
    let read = strategy.order == .token ? tokens : tile
    return group * rows * (1 - exp(-read / rows)) * rowPieceBytes
  }

  private var rowPieceBytes: Double {
    // int8's scale is an access of its own, but its bytes are in use together with the row.
    slice * Double(task.tableType.bytes) + Double(task.tableType.scaleBytes)
  }

  /// Accesses by which the micro-kernel reads a row piece, each as wide as its registers.
  private var loadsPerPiece: Double {
    let access = task.phases(strategy).first { $0.name == GatherStage.name }?.rowBytes ?? 0
    return access > 0 ? (slice * Double(task.tableType.bytes) / access).rounded(.up) : 1
  }

  /// Blocks of rows that a tile passes through.
  private var blocks: Double {
    (columns / slice).rounded(.up) * (Double(task.shape.tables) / group).rounded(.up)
  }

  private var prefetchesGroups: Bool {
    // The only block has no next one to prefetch.
    guard blocks > 1 else { return false }
    switch strategy.groupPrefetch {
    case .on: return true
    case .off: return false
    case nil: return tile >= Double(task.shape.tableRows)
    }
  }

  /// The arrays of the gather, over the whole batch and all workers.
  private var arrays: [ReusedArray] {
    let rows = Double(task.shape.tableRows)
    let tables = Double(task.shape.tables)
    let float = Double(MemoryLayout<Float>.stride)
    let workers = Double(task.team.workers)
    let tiles = (tokens / tile).rounded(.up)
    let slices = (columns / slice).rounded(.up)
    let groups = (tables / group).rounded(.up)
    let isShared = task.team.axis == .tokens

    let block = workingSetBytes
    // Streams of a step per token: the sums of the slice, and code and score of each table of the group.
    let sums = slice * float
    let codes = group * 2 * float
    // The reuse distance of a block from tile to tile: a tile's own activations, and all of its tables.
    let tileStreams = tile * (columns * float + tables * 2 * float)
    let allTables = block * blocks

    var arrays: [ReusedArray] = []
    // Rows that the step has read before. Between two uses of a row lie as many tokens as the table has rows.
    let perStep = strategy.order == .token ? tokens : tile
    let steps = slices * groups * (strategy.order == .token ? 1 : tiles)
    let firstPieces = block / rowPieceBytes * steps * workers
    let allPieces = perStep * group * steps * workers
    let inUse = prefetchesGroups ? 2 * block : block
    let between = min(rows, perStep) * (sums + codes)
    arrays.append(
      ReusedArray(
        bytes: max(0, allPieces - firstPieces) * rowPieceBytes, reuseBytes: inUse + between,
        commonBytes: isShared ? inUse : 0, isCyclic: false, pieces: max(0, allPieces - firstPieces) * loadsPerPiece))
    // Rows that the step reads for the first time are where the tile before left them.
    let whole = group * rows * rowPieceBytes * steps * workers
    arrays.append(
      ReusedArray(
        bytes: prefetchesGroups ? whole : firstPieces * rowPieceBytes, reuseBytes: allTables + tileStreams,
        commonBytes: isShared ? allTables : 0, pieces: prefetchesGroups ? 0 : firstPieces * loadsPerPiece))
    // Sums go once to and from memory, and again with every further group of the slice.
    let outputBytes = tokens * columns * float * workers
    arrays.append(ReusedArray(bytes: outputBytes, reuseBytes: .infinity, isWritten: true))
    let stepStreams = perStep * (sums + codes) + block
    arrays.append(
      ReusedArray(
        bytes: outputBytes * (groups - 1), reuseBytes: stepStreams, commonBytes: isShared ? block : 0, isWritten: true))
    // Codes and scores are written once per tile and read with every slice.
    arrays.append(
      ReusedArray(
        bytes: Double(task.tokens) * tables * 2 * float, reuseBytes: tileStreams + allTables,
        commonBytes: isShared ? allTables : 0, isWritten: true))
    arrays.append(
      ReusedArray(
        bytes: tokens * tables * 2 * float * workers * slices,
        reuseBytes: tile * (sums + tables * 2 * float) + block * groups,
        commonBytes: isShared ? block * groups : 0))
    return arrays
  }
}
