/// How the weighted gather walks over tokens, tables and output columns. Every strategy computes the same sum.
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
  /// Whether the block that the next step reads is prefetched meanwhile; nil where the schedule decides, by whether
  /// enough tokens follow to use it.
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
  /// The same walk of a layer with its extents cut to the shape and those that the order ignores set to the whole, so that
  /// two spellings of one walk are equal.
  public func fitted(tokens: Int, tables: Int, output: Int) -> LookupStrategy {
    var fitted = self
    fitted.tokenTile = min(tokenTile, tokens)
    fitted.columnSlice = order == .sliced ? min(columnSlice, output) : output
    fitted.tableGroup = order == .sliced ? min(tableGroup, tables) : tables
    return fitted
  }
}

extension LookupStrategy {
  /// Tables of a group of the sliced order for a tile of `tileTokens` tokens. Tokens that are fewer than a table's rows
  /// hardly meet in a row: there is nothing to keep in a cache, so that they pass through all tables at once, without sums
  /// in between.
  public func tableGroup(of shape: LookupFFNShape, tileTokens: Int) -> Int {
    tileTokens < shape.tableRows ? shape.tables : min(tableGroup, shape.tables)
  }
}
