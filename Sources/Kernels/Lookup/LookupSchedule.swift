import CKernels

/// Tokens that vector operations process together.
let laneGroup = Int(LK_LANES)

/// The order of a pass under a strategy: one list of steps, which runs the kernel and states its accesses.
struct LookupSchedule {
  let shape: LookupFFNShape
  let strategy: LookupStrategy
  var team = WorkPartition()

  /// Tokens whose lanes pass through the hash together. BH4: every tile reads all weights (1 MiB at d = 512 and two
  /// chains) from beyond the second-level cache. Eight lane groups spread that over 128 tokens, while a factor's
  /// input and output (2 x 256 KiB) still fit there. Dense: enough rows for the library to run at full speed, while
  /// their scores (1 MiB at T = 128, 256 rows) stay in the cache.
  var hashTile: Int { shape.hash == .bh4 ? 8 * laneGroup : LookupFFN.denseHashTile }

  /// Up to this many tokens, BH4's products run on rows with outputs along the vector, because lane groups would
  /// compute 16 tokens for them. Rows load a weight per 4 tokens and lane groups once per lane, so from half a lane
  /// group on lanes are as fast.
  private static let fewTokens = laneGroup / 2

  /// Whether the hash of these tokens runs on rows. Its transform treats 16 features as a lane group, so a block must
  /// have that many.
  func hashesRows(_ tokens: Range<Int>) -> Bool {
    shape.hash == .bh4 && tokens.count <= LookupSchedule.fewTokens && shape.blockSize % laneGroup == 0
  }

  /// Tokens of a tile, in whole lane groups.
  var tokenTile: Int { max(laneGroup, (strategy.tokenTile + laneGroup - 1) / laneGroup * laneGroup) }

  /// The columns that a worker of the team gathers, cut at multiples of 16 columns, so that no two workers write to
  /// the same cache line of the output.
  func columns(ofWorker worker: Int) -> Range<Int> {
    guard team.axis == .tables else { return 0..<shape.output }
    return partition(tokens: shape.output, workers: team.workers)[worker]
  }

  /// The slices of `columns`, which are processed one after the other; a single one where the order is not sliced.
  private func slices(of columns: Range<Int>) -> [Range<Int>] {
    columns.pieces(of: strategy.order == .sliced ? strategy.columnSlice : shape.output)
  }

  /// All slices, from column 0 on; no slice belongs to two workers.
  var slices: [Range<Int>] {
    switch team.axis {
    case .tokens: return slices(of: 0..<shape.output)
    case .tables: return (0..<team.workers).flatMap { slices(of: columns(ofWorker: $0)) }
    }
  }

  /// The place of a step's tables in the packed tables, in entries: [slice][table][row][slice's columns], so that the
  /// rows that a step reads are one contiguous block.
  func block(of step: GatherStage.Step) -> Range<Int> {
    let width = step.columns.count
    let slice = step.columns.lowerBound * shape.tables * shape.tableRows
    let start = slice + step.tables.lowerBound * shape.tableRows * width
    return start..<(start + step.tables.count * shape.tableRows * width)
  }

  /// Whether a gather of `tokens` tokens prefetches the block of the next one. Where the strategy leaves that open,
  /// it does not for fewer tokens than a table has rows: n tokens read a share 1 - exp(-n / rows) of a table with
  /// uniform codes, and below 63 % most of the prefetched rows would not be used.
  private func prefetches(for tokens: Int) -> Bool {
    switch strategy.groupPrefetch {
    case .on: return true
    case .off: return false
    case nil: return tokens >= shape.tableRows
    }
  }

  /// Tokens per gather call where a strategy sets no other limit, so that cores that share a cache interleave.
  private static let gatherChunk = 256

  /// Rows prefetched ahead for a tile of `tileTokens` tokens. Where other tokens do not keep the rows in a cache, the
  /// sliced order prefetches 8 rows ahead (see docs/reference/methods.md for the effect).
  func prefetchRows(tileTokens: Int) -> Int {
    strategy.order == .sliced && tileTokens < shape.tableRows ? max(strategy.prefetchRows, 8) : strategy.prefetchRows
  }

  /// Floats per token for the sums of a slice while its table groups pass. They lie side by side, [tile][slice's
  /// columns], and not in the output, whose rows are a power of two apart and would displace the slice's table rows
  /// from a few of a cache's sets. 0 where sums pass through one group only, or stay in the output.
  var sumColumns: Int { keepsSums ? slices.map(\.count).max() ?? 0 : 0 }

  /// Whether there are such sums.
  var keepsSums: Bool { strategy.order == .sliced && strategy.tableGroup < shape.tables }

  /// Tokens of a batch of `tokens` whose rows a worker gathers.
  func gatheredTokens(ofWorker worker: Int, tokens: Int) -> Int {
    team.axis == .tokens ? partition(tokens: tokens, workers: team.workers)[worker].count : tokens
  }

  /// Whether the stores of a worker's output, its columns of `tokens` tokens, bypass the caches: above 1 MiB, a
  /// second-level cache, the first of it has been evicted before the pass ends. Only for orders that write the output
  /// once.
  func streamsOutput(tokens: Int) -> Bool {
    let columns = team.axis == .tokens ? shape.output : shape.output / team.workers
    return strategy.order != .table && tokens * columns * MemoryLayout<Float>.stride > 1 << 20
  }

  /// All steps for `tokens`, tile after tile, by one worker alone.
  func steps(tokens: Range<Int>) -> [LookupStep] {
    tokens.pieces(of: tokenTile).flatMap { tile in
      hashSteps(tile, of: tile) + gatherSteps(tile, slices)
    }
  }

  /// The steps of one worker of the team for a batch of `tokens`. All workers have the same number of barriers.
  func steps(worker: Int, tokens: Int) -> [LookupStep] {
    switch team.axis {
    case .tokens: return steps(tokens: partition(tokens: tokens, workers: team.workers)[worker])
    case .tables:
      let own = slices(of: columns(ofWorker: worker))
      return (0..<tokens).pieces(of: tokenTile).flatMap { tile in
        let share = partition(tokens: tile.count, workers: team.workers)[worker]
        let hash = hashSteps(tile.lowerBound + share.lowerBound..<tile.lowerBound + share.upperBound, of: tile)
        // Codes of the next tile overwrite this one's, so all workers must have read them; after the last tile the
        // pass ends.
        let end: [LookupStep] = tile.upperBound < tokens ? [.barrier] : []
        return hash + [.barrier] + gatherSteps(tile, own) + end
      }
    }
  }

  /// Codes and scores of `tokens`, which lie in `tile`.
  private func hashSteps(_ tokens: Range<Int>, of tile: Range<Int>) -> [LookupStep] {
    tokens.pieces(of: hashTile).flatMap { piece in
      stepsToScores(piece)
        + piece.pieces(of: laneGroup).map {
          .score(
            ScoreStage.Step(
              tokens: $0, place: $0.lowerBound - piece.lowerBound, slot: $0.lowerBound - tile.lowerBound))
        }
    }
  }

  private func stepsToScores(_ tokens: Range<Int>) -> [LookupStep] {
    var steps: [LookupStep] = []
    switch shape.hash {
    case .dense:
      steps = [.layerNorm(.normalise(tokens: tokens)), .hash(.product(tokens: tokens))]
    case .bh4:
      // Each lane group's rows are transposed into lanes while they are in the first-level cache.
      steps = tokens.pieces(of: laneGroup).flatMap { group in
        [
          .layerNorm(.normalise(tokens: group)),
          .layerNorm(.toLanes(tokens: group, place: group.lowerBound - tokens.lowerBound)),
        ]
      }
      for chain in 0..<shape.repeats {
        for factor in 0..<LookupFFNShape.factors {
          steps.append(.hash(.factor(tokens: tokens, chain: chain, factor: factor)))
        }
      }
    }
    return steps
  }

  private func gatherSteps(_ tile: Range<Int>, _ slices: [Range<Int>]) -> [LookupStep] {
    let (group, chunk) =
      switch strategy.order {
      case .token: (shape.tables, LookupSchedule.gatherChunk)
      case .table: (1, tile.count)
      case .sliced: (strategy.tableGroup(of: shape, tileTokens: tile.count), tile.count)
      }
    var steps = slices.flatMap { slice in
      (0..<shape.tables).pieces(of: group).flatMap { tables in
        tile.pieces(of: chunk).map { tokens in
          GatherStage.Step(tokens: tokens, slot: tokens.lowerBound - tile.lowerBound, tables: tables, columns: slice)
        }
      }
    }
    for (index, next) in steps.enumerated().dropFirst() {
      let following = block(of: next)
      if following != block(of: steps[index - 1]), prefetches(for: next.tokens.count) {
        steps[index - 1].next = following
      }
    }
    return steps.map(LookupStep.gather)
  }
}
