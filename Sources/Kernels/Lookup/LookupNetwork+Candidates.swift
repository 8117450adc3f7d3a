/// The strategies that are worth a thought for a pass: a grid around what any machine of the catalogue could prefer.
extension LookupNetwork {
  public var isOpen: Bool { strategy == nil }

  /// Tokens of a tile: from about the rows of a table, below which a tile does not use the rows it fetches, to where the
  /// codes and scores of a tile (8 bytes x tables x tokens, 16 MiB at 128 tables) leave the last cache too.
  private static let tokenTiles = [512, 1024, 2048, 4096, 8192, 16_384]
  /// Columns of a slice: 32 fp32 columns are two cache lines, which come as a pair.
  private static let columnSlices = [32, 64, 128, 256, 512]
  private static let tableGroups = [4, 8, 16, 32, 64]
  /// Rows prefetched ahead; row by row only where rows are read in random order from afar.
  private static let prefetchedRows = [0, 2, 4, 8]

  /// Each walk once, in a fixed order that settles ties; the one that experiments use by default on a machine with
  /// `secondLevelBytes` of second-level cache comes first.
  public func candidates(_ pass: Pass, secondLevelBytes: Int?) -> [LookupNetwork] {
    let share = team(pass.threads).share(of: pass.tokens)
    var walks: [LookupStrategy] = []
    var known: Set<LookupStrategy> = []
    func add(_ strategy: LookupStrategy) {
      // The walk with its extents cut to the pass, and the group as the schedule takes it for so many tokens.
      var fitted = strategy.fitted(tokens: share, tables: tables, output: output)
      if fitted.order == .sliced { fitted.tableGroup = fitted.tableGroup(of: shape, tileTokens: fitted.tokenTile) }
      if known.insert(fitted).inserted { walks.append(fitted) }
    }
    add(LookupStrategy.default(shape, tableType: dtype, tokens: share, secondLevelBytes: secondLevelBytes))
    for tile in Self.tokenTiles {
      for rows in Self.prefetchedRows { add(LookupStrategy(order: .token, tokenTile: tile, prefetchRows: rows)) }
      // What the schedule does by itself, and the opposite.
      let prefetches = min(tile, share) >= tableRows
      for prefetch in [nil, prefetches ? LookupStrategy.GroupPrefetch.off : .on] {
        add(LookupStrategy(order: .table, tokenTile: tile, groupPrefetch: prefetch))
        for columns in Self.columnSlices {
          for group in Self.tableGroups {
            add(
              LookupStrategy(
                order: .sliced, tokenTile: tile, columnSlice: columns, tableGroup: group, groupPrefetch: prefetch))
          }
        }
      }
    }
    return walks.map(walking)
  }

  func walking(_ strategy: LookupStrategy) -> LookupNetwork {
    var chosen = self
    chosen.strategy = strategy
    return chosen
  }
}
