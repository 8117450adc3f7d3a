import Support

/// The default walk of a look-up, which follows from the shape, the batch and the size of the second-level cache.
extension LookupStrategy {
  /// Of a machine whose second-level cache is not known: the smallest of current server cores (Zen 3, Neoverse N1).
  public static let assumedSecondLevelBytes = 512 << 10

  /// Whole rows that are prefetched ahead: a row of 2 KiB takes about 20 ns to add, a latency of memory about 100.
  private static let rowsAhead = 8

  /// Bytes of a row that a slice takes: two cache lines, which come as a pair. Wider slices leave room for fewer tables, so
  /// that the sums pass more often; narrower ones read the codes more often.
  private static let sliceBytes = 128

  /// Tables of a group at least, even where their rows then exceed the cache: with fewer, the sums of a slice, which every
  /// group reads and writes, are more bytes than the rows.
  private static let fewestTables = 4

  /// Fewer tokens than a table has rows hardly meet in a row: there is nothing to keep in a cache, so that each passes over
  /// its whole rows. More walk in slices. `tokens` are those that a tile can have (`WorkPartition.share`).
  public static func `default`(
    _ shape: LookupFFNShape, tableType: TableType, tokens: Int, secondLevelBytes: Int?
  ) -> LookupStrategy {
    tokens < shape.tableRows
      ? LookupStrategy(order: .token, prefetchRows: rowsAhead)
      : sliced(shape, tableType: tableType, secondLevelBytes: secondLevelBytes)
  }

  /// Slices, of `columns` where that is given, with as many tables in a group as fill half of the second-level cache: the
  /// other half is for what streams by, which is sums, codes and the rows of the next group.
  public static func sliced(
    _ shape: LookupFFNShape, tableType: TableType, secondLevelBytes: Int?, columns: Int? = nil
  ) -> LookupStrategy {
    let columns = columns ?? sliceBytes / tableType.bytes
    let table = CheckedSize(shape.tableRows) * min(columns, shape.output) * tableType.bytes
    let room = (secondLevelBytes ?? assumedSecondLevelBytes) / 2
    return LookupStrategy(
      order: .sliced, columnSlice: columns, tableGroup: min(shape.tables, max(fewestTables, room / table.clamped)))
  }
}

extension WorkPartition {
  /// The most tokens of a batch that a tile can have: a worker's own, unless the team shares its tiles.
  public func share(of tokens: Int) -> Int {
    guard axis == .tokens else { return tokens }
    return largestShare(tokens: tokens, workers: workers)
  }
}
