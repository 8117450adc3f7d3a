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

  public init(
    order: Order = .sliced, tokenTile: Int = 8192, columnSlice: Int = 64, tableGroup: Int = 8, prefetchRows: Int = 0
  ) {
    self.order = order
    self.tokenTile = tokenTile
    self.columnSlice = columnSlice
    self.tableGroup = tableGroup
    self.prefetchRows = prefetchRows
  }
}
