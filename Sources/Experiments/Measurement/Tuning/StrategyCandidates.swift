import Kernels

/// The strategies that are worth a thought for a pass: a grid around what any machine of the catalogue could prefer.
public enum StrategyCandidates {
  /// Tokens of a tile: from about the rows of a table, below which a tile does not use the rows it fetches, to where the
  /// codes and scores of a tile (8 bytes x tables x tokens, 16 MiB at 128 tables) leave the last cache too.
  private static let tokenTiles = [512, 1024, 2048, 4096, 8192, 16_384]
  /// Columns of a slice: 32 fp32 columns are two cache lines, which come as a pair.
  private static let columnSlices = [32, 64, 128, 256, 512]
  private static let tableGroups = [4, 8, 16, 32, 64]
  /// Rows prefetched ahead; row by row only where rows are read in random order from afar.
  private static let prefetchRows = [0, 2, 4, 8]

  /// Each walk once, in a fixed order that settles ties; the one that experiments use by default on a machine with
  /// `secondLevelBytes` of second-level cache comes first.
  public static func all(_ task: LookupTask, secondLevelBytes: Int?) -> [LookupStrategy] {
    var candidates: [LookupStrategy] = []
    var known: Set<LookupStrategy> = []
    func add(_ strategy: LookupStrategy) {
      let fitted = fitted(strategy, to: task)
      if known.insert(fitted).inserted { candidates.append(fitted) }
    }
    add(
      LookupStrategy.usual(
        task.shape, tableType: task.tableType, tokens: share(of: task), secondLevelBytes: secondLevelBytes))
    for tile in tokenTiles {
      for rows in prefetchRows { add(LookupStrategy(order: .token, tokenTile: tile, prefetchRows: rows)) }
      // What the schedule does by itself, and the opposite.
      let prefetches = min(tile, share(of: task)) >= task.shape.tableRows
      for prefetch in [nil, prefetches ? LookupStrategy.GroupPrefetch.off : .on] {
        add(LookupStrategy(order: .table, tokenTile: tile, groupPrefetch: prefetch))
        for columns in columnSlices {
          for group in tableGroups {
            add(
              LookupStrategy(
                order: .sliced, tokenTile: tile, columnSlice: columns, tableGroup: group, groupPrefetch: prefetch))
          }
        }
      }
    }
    return candidates
  }

  /// The walk with its extents cut to the task, and the group as the schedule takes it for so many tokens.
  static func fitted(_ strategy: LookupStrategy, to task: LookupTask) -> LookupStrategy {
    var fitted = strategy.fitted(tokens: share(of: task), tables: task.shape.tables, output: task.shape.output)
    if fitted.order == .sliced { fitted.tableGroup = fitted.tableGroup(of: task.shape, tileTokens: fitted.tokenTile) }
    return fitted
  }

  /// The most tokens that a tile can have.
  static func share(of task: LookupTask) -> Int {
    task.team.share(of: task.tokens)
  }
}
