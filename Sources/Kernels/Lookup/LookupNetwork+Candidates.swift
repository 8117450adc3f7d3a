/// The strategies that are worth considering for a pass: a grid that covers the best choices on any machine of the
/// catalogue.
extension LookupNetwork {
  public var isOpen: Bool { strategy == nil }

  /// Tokens of a tile: from about the rows of a table, below which a tile does not use the rows it fetches, to where
  /// the codes and scores of a tile (8 bytes x tables x tokens, 16 MiB at 128 tables) no longer fit into the
  /// last-level cache.
  private static let tokenTiles = [512, 1024, 2048, 4096, 8192, 16_384]
  /// Columns of a slice: 32 fp32 columns are two cache lines, which are fetched as a pair.
  private static let columnSlices = [32, 64, 128, 256, 512]
  private static let tableGroups = [4, 8, 16, 32, 64]
  /// Rows prefetched ahead, used only where rows are read one by one in random order.
  private static let prefetchedRows = [0, 2, 4, 8]

  /// Each candidate once, in a fixed order that settles ties. The default strategy on a machine with
  /// `secondLevelBytes` of second-level cache comes first.
  public func candidates(_ pass: Pass, secondLevelBytes: Int?) -> [LookupNetwork] {
    let share = team(pass.threads).share(of: pass.tokens)
    var strategies: [LookupStrategy] = []
    var known: Set<LookupStrategy> = []
    func add(_ strategy: LookupStrategy) {
      // The strategy with its sizes limited to the pass, and with the table group that the schedule uses for so many
      // tokens.
      var fitted = strategy.fitted(tokens: share, tables: tables, output: output)
      if fitted.order == .sliced { fitted.tableGroup = fitted.tableGroup(of: shape, tileTokens: fitted.tokenTile) }
      if known.insert(fitted).inserted { strategies.append(fitted) }
    }
    add(LookupStrategy.default(shape, tableType: dtype, tokens: share, secondLevelBytes: secondLevelBytes))
    for tile in Self.tokenTiles {
      for rows in Self.prefetchedRows { add(LookupStrategy(order: .token, tokenTile: tile, prefetchRows: rows)) }
      // The schedule's own choice, and the opposite.
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
    return strategies.map(with(strategy:))
  }

  func with(strategy: LookupStrategy) -> LookupNetwork {
    var chosen = self
    chosen.strategy = strategy
    return chosen
  }
}
