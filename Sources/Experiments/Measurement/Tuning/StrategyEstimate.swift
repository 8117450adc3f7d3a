import AccessStreams
import Foundation
import Kernels
import Machines
import Projection

/// What a strategy's pass would take on a machine, from the sizes of what it keeps in use: the timing equations of a
/// projection with traffic in closed form instead of a simulated one (docs/METHODS.md, "The autotuner").
///
/// It exists to leave the hopeless candidates unmeasured. Only the gather's traffic is estimated, since all other stages
/// are the same whatever the strategy; their arithmetic is in the time.
public struct StrategyEstimate {
  public let task: LookupTask
  public let strategy: LookupStrategy

  public init(_ task: LookupTask, _ strategy: LookupStrategy) {
    self.task = task
    self.strategy = strategy
  }

  /// Nanoseconds per token of the batch. Throws `InputError` where the machine lacks a figure.
  public func nanosecondsPerToken(on machine: Machine) throws -> Double {
    var task = task
    // Without bf16 multiply-adds the projection is widened to fp32. It is the same for every strategy.
    if !machine.keysMissing(for: task.phases(strategy)).isEmpty { task.projectionType = .fp32 }
    let projection = try Projection.project(
      phases: task.phases(strategy), tokens: task.tokens, threads: task.team.workers,
      traffic: traffic.estimate(on: machine), on: machine)
    return 1e9 / projection.tokensPerSecond
  }

  // MARK: - The walk

  /// Tables that a step walks through; the rest of the walk follows from it.
  private var group: Double {
    switch strategy.order {
    case .token: return Double(task.shape.tables)
    case .table: return 1
    case .sliced: return Double(strategy.tableGroup(of: task.shape, tileTokens: Int(tile)))
    }
  }

  /// Columns that one worker gathers in a tile of its own.
  private var columns: Double {
    let output = Double(task.shape.output)
    return task.team.partition == .tables ? output / Double(task.team.workers) : output
  }

  private var slice: Double {
    strategy.order == .sliced ? min(columns, Double(strategy.columnSlice)) : columns
  }

  /// Tokens whose rows one worker reads, and those of one of its tiles.
  private var tokens: Double {
    let all = Double(task.tokens)
    return task.team.partition == .tables ? all : all / Double(task.team.workers)
  }

  private var tile: Double { min(tokens, Double(strategy.tokenTile)) }

  /// Bytes that a step keeps in use: the rows of its group that the tile's tokens read, which with n tokens of uniform
  /// codes are rows x (1 - exp(-n / rows)).
  public var workingSetBytes: Double {
    let rows = Double(task.shape.tableRows)
    let read = strategy.order == .token ? tokens : tile
    return group * rows * (1 - exp(-read / rows)) * rowPieceBytes
  }

  private var rowPieceBytes: Double {
    // int8's scale is an access of its own, but its bytes are in use with the row.
    slice * Double(task.tableType.bytes) + Double(task.tableType.scaleBytes)
  }

  /// Accesses by which the micro-kernel reads a row piece, each as wide as its registers.
  private var loadsPerPiece: Double {
    let access = task.phases(strategy).first { $0.name == GatherStage.name }?.rowBytes ?? 0
    return access > 0 ? (slice * Double(task.tableType.bytes) / access).rounded(.up) : 1
  }

  /// Blocks of rows that a tile walks through.
  private var blocks: Double {
    (columns / slice).rounded(.up) * (Double(task.shape.tables) / group).rounded(.up)
  }

  private var prefetchesGroups: Bool {
    // A block that is all there is has no next one.
    guard blocks > 1 else { return false }
    switch strategy.groupPrefetch {
    case .on: return true
    case .off: return false
    case nil: return tile >= Double(task.shape.tableRows)
    }
  }

  // MARK: - Traffic

  /// What the gather works on, over the whole batch and all workers.
  private var arrays: [ReusedArray] {
    let rows = Double(task.shape.tableRows)
    let tables = Double(task.shape.tables)
    let float = Double(MemoryLayout<Float>.stride)
    let workers = Double(task.team.workers)
    let tiles = (tokens / tile).rounded(.up)
    let slices = (columns / slice).rounded(.up)
    let groups = (tables / group).rounded(.up)
    let isShared = task.team.partition == .tokens

    let block = workingSetBytes
    // Streams of a step per token: the sums of the slice, code and score of each table of the group.
    let sums = slice * float
    let codes = group * 2 * float
    // A tile's own activations, and all of its tables: what passes before a tile comes back to a block.
    let tileStreams = tile * (columns * float + tables * 2 * float)
    let allTables = block * blocks

    var arrays: [ReusedArray] = []
    // Rows that the step has read before. Between two uses of a row lie as many tokens as a table has rows.
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
    // Rows that it reads for the first time lie where the tile before left them.
    let whole = group * rows * rowPieceBytes * steps * workers
    arrays.append(
      ReusedArray(
        bytes: prefetchesGroups ? whole : firstPieces * rowPieceBytes, reuseBytes: allTables + tileStreams,
        commonBytes: isShared ? allTables : 0, pieces: prefetchesGroups ? 0 : firstPieces * loadsPerPiece))
    // Sums: once to and from memory, and again with every further group of the slice.
    let outputBytes = tokens * columns * float * workers
    arrays.append(ReusedArray(bytes: outputBytes, reuseBytes: .infinity, isWritten: true))
    let stepStreams = perStep * (sums + codes) + block
    arrays.append(
      ReusedArray(
        bytes: outputBytes * (groups - 1), reuseBytes: stepStreams, commonBytes: isShared ? block : 0, isWritten: true))
    // Codes and scores: written once a tile, read with every slice.
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

  /// The traffic of all stages, of which only the gather has any.
  var traffic: EstimatedTraffic {
    EstimatedTraffic(
      phases: task.phases(strategy).map { $0.name == GatherStage.name ? arrays : [] }, threads: task.team.workers)
  }
}
