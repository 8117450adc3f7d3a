/// The loop order of the weighted gather over tokens, tables and output columns. Every strategy computes the same
/// sum.
public struct LookupStrategy: Hashable, Codable, Sendable {
  public enum Order: String, CaseIterable, Codable, Sendable {
    /// For each token, all tables: one pass over the output, rows in random order.
    case token
    /// For each table, all tokens of the tile: the published order; one table at a time is in cache.
    case table
    /// For each slice of output columns and group of tables, all tokens of the tile: the group's slices stay in cache.
    case sliced
  }

  public var order: Order
  /// Tokens that pass through all stages together.
  public var tokenTile: Int
  /// Output columns in a slice, and tables in a group; only `sliced` uses them.
  public var columnSlice: Int
  public var tableGroup: Int
  /// Rows ahead of the current one whose first line is prefetched; 0 for none.
  public var prefetchRows: Int
  /// Whether the block of the next step is prefetched during a step. Where it is nil, the schedule decides by whether
  /// enough tokens follow to use the block.
  public var groupPrefetch: GroupPrefetch?

  public enum GroupPrefetch: String, CaseIterable, Codable, Sendable {
    case on, off
  }

  public init(
    order: Order = .sliced, tokenTile: Int = 8192, columnSlice: Int = 64, tableGroup: Int = 8, prefetchRows: Int = 0,
    groupPrefetch: GroupPrefetch? = nil
  ) {
    self.order = order
    self.tokenTile = tokenTile
    self.columnSlice = columnSlice
    self.tableGroup = tableGroup
    self.prefetchRows = prefetchRows
    self.groupPrefetch = groupPrefetch
  }
}

extension LookupStrategy {
  /// The same loop order with its sizes limited to the layer and with the sizes that the order ignores set to the
  /// whole, so that two spellings of one strategy are equal.
  public func fitted(tokens: Int, tables: Int, output: Int) -> LookupStrategy {
    var fitted = self
    fitted.tokenTile = min(tokenTile, tokens)
    fitted.columnSlice = order == .sliced ? min(columnSlice, output) : output
    fitted.tableGroup = order == .sliced ? min(tableGroup, tables) : tables
    return fitted
  }
}

extension LookupStrategy {
  /// Tables of a group of the sliced order for a tile of `tileTokens` tokens. Where these are fewer than a table's
  /// rows, tokens rarely share a row and a cache has nothing to keep, so they pass through all tables at once,
  /// without sums in between.
  public func tableGroup(of shape: LookupFFNShape, tileTokens: Int) -> Int {
    tileTokens < shape.tableRows ? shape.tables : min(tableGroup, shape.tables)
  }
}
