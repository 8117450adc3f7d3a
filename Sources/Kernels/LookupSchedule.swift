import CKernels

/// Tokens that go through vector operations together.
let laneGroup = Int(LK_LANES)

/// One call of a micro-kernel (or a library) in a pass of LookupFFN; tokens are numbered within the batch.
enum LookupStep: Equatable {
  /// Layer normalisation into scratch rows.
  case normalise(tokens: Range<Int>)
  /// Scratch rows of one lane group into lanes.
  case toLanes(tokens: Range<Int>)
  /// One factor of one BH4 chain: block-diagonal product, then the transform.
  case factor(tokens: Range<Int>, chain: Int, factor: Int)
  /// The dense projection, through the BLAS.
  case project(tokens: Range<Int>)
  /// Codes and scores of one lane group.
  case score(tokens: Range<Int>)
  case gather(GatherStep)

  /// The phase that the step belongs to, an index into a workload's phases.
  var phase: Int {
    switch self {
    case .normalise, .toLanes: return 0
    case .factor, .project: return 1
    case .score: return 2
    case .gather: return 3
    }
  }
}

/// A block of the weighted gather: every token of `tokens` adds its row of each of `tables`, restricted to `columns`.
struct GatherStep: Equatable {
  var tokens: Range<Int>
  var tables: Range<Int>
  var columns: Range<Int>
}

/// The order in which a strategy walks through a pass. The same list runs the kernel and emits its access stream.
struct LookupSchedule {
  let shape: LookupFFNShape
  let strategy: LookupStrategy

  /// Tokens whose lanes pass through the projection together. BH4: every tile reads all weights (1 MiB at d = 512 and two
  /// chains) from beyond the second-level cache; eight lane groups spread that over 128 tokens while a factor's input and
  /// output (2 x 256 KiB) still fit there. Dense: enough rows for the library to run at speed while their projections
  /// (1 MiB at T = 128, 256 rows) stay close.
  var projectionTile: Int { shape.projection == .bh4 ? 8 * laneGroup : LookupFFN.denseProjectionTile }

  /// Tokens up to which BH4's products run on rows, outputs along the vector: lane groups would compute 16 tokens for them.
  /// Rows load a weight per 4 tokens, lane groups once per lane, so that from half a lane group on lanes are as fast.
  private static let fewTokens = laneGroup / 2

  /// Whether the projection of these tokens runs on rows. Its transform takes 16 features for a lane group, so a block must
  /// have them.
  func projectsRows(_ tokens: Range<Int>) -> Bool {
    shape.projection == .bh4 && tokens.count <= LookupSchedule.fewTokens && shape.blockSize % laneGroup == 0
  }

  /// Tokens of a tile, in whole lane groups.
  var tokenTile: Int { max(laneGroup, (strategy.tokenTile + laneGroup - 1) / laneGroup * laneGroup) }

  /// Columns of a slice that the gather walks through, the last one narrower; all columns where the order does not slice.
  var sliceColumns: Int { strategy.order == .sliced ? min(strategy.columnSlice, shape.output) : shape.output }

  /// Where a step's tables lie among the packed tables, in entries: [slice][table][row][slice's columns], so that what a
  /// step reads is one contiguous block.
  func block(of step: GatherStep) -> Range<Int> {
    let width = step.columns.count
    let slice = step.columns.lowerBound * shape.tables * shape.tableRows
    let start = slice + step.tables.lowerBound * shape.tableRows * width
    return start..<(start + step.tables.count * shape.tableRows * width)
  }

  /// The block that the step after `index` reads, to be prefetched meanwhile; nil where that is no gather, reads the same
  /// block, or has fewer tokens than a table has rows: n tokens read 1 - exp(-n / rows) of a table with uniform codes, and
  /// below 63 % most of what is prefetched would be for nothing.
  func blockAfter(_ index: Int, of steps: [LookupStep]) -> Range<Int>? {
    guard index + 1 < steps.count, case .gather(let step) = steps[index], case .gather(let next) = steps[index + 1],
      block(of: next) != block(of: step), next.tokens.count >= shape.tableRows
    else { return nil }
    return block(of: next)
  }

  /// Tokens per gather call where a strategy imposes no other limit, so that cores that share a cache interleave.
  private static let gatherChunk = 256

  /// Tables of a group for a tile of `tileTokens` tokens. Tokens that are fewer than a table's rows hardly meet in a row:
  /// there is nothing to keep in a cache, so that they pass through all tables at once, without sums in between.
  func tableGroup(tileTokens: Int) -> Int { tileTokens < shape.tableRows ? shape.tables : strategy.tableGroup }

  /// Rows prefetched ahead for a tile of `tileTokens` tokens. Where the rows are not in a cache for other tokens' sake, the
  /// sliced order fetches 8 ahead by itself (see docs/METHODS.md for the effect).
  func prefetchRows(tileTokens: Int) -> Int {
    strategy.order == .sliced && tileTokens < shape.tableRows ? max(strategy.prefetchRows, 8) : strategy.prefetchRows
  }

  /// Where the sums of a slice stay while its table groups pass: beside each other, [tile][slice's columns], not in the
  /// output, whose rows lie a power of two apart and would crowd the slice's table rows in a few of a cache's sets.
  var sumFloats: Int {
    strategy.order == .sliced && strategy.tableGroup < shape.tables ? tokenTile * sliceColumns : 0
  }

  /// Whether a worker's output of `tokens` tokens bypasses the caches: above 1 MiB, a second-level cache, its start has left
  /// again before the pass ends. Only for orders that write it once.
  func streamsOutput(tokens: Int) -> Bool {
    strategy.order != .table && tokens * shape.output * MemoryLayout<Float>.stride > 1 << 20
  }

  /// All steps for `tokens`, tile after tile.
  func steps(tokens: Range<Int>) -> [LookupStep] {
    tokens.pieces(of: tokenTile).flatMap { tile in
      tile.pieces(of: projectionTile).flatMap(projectionSteps) + gatherSteps(tile)
    }
  }

  private func projectionSteps(_ tokens: Range<Int>) -> [LookupStep] {
    let groups = tokens.pieces(of: laneGroup)
    var steps: [LookupStep] = [.normalise(tokens: tokens)]
    switch shape.projection {
    case .dense:
      steps.append(.project(tokens: tokens))
    case .bh4:
      steps += groups.map { .toLanes(tokens: $0) }
      for chain in 0..<shape.repeats {
        for factor in 0..<LookupFFNShape.factors {
          steps.append(.factor(tokens: tokens, chain: chain, factor: factor))
        }
      }
    }
    return steps + groups.map { .score(tokens: $0) }
  }

  private func gatherSteps(_ tile: Range<Int>) -> [LookupStep] {
    let tables = 0..<shape.tables
    switch strategy.order {
    case .token:
      return tile.pieces(of: LookupSchedule.gatherChunk).map {
        .gather(GatherStep(tokens: $0, tables: tables, columns: 0..<shape.output))
      }
    case .table:
      return tables.pieces(of: 1).map { .gather(GatherStep(tokens: tile, tables: $0, columns: 0..<shape.output)) }
    case .sliced:
      let group = tableGroup(tileTokens: tile.count)
      return (0..<shape.output).pieces(of: sliceColumns).flatMap { slice in
        tables.pieces(of: group).map {
          .gather(GatherStep(tokens: tile, tables: $0, columns: slice))
        }
      }
    }
  }
}
