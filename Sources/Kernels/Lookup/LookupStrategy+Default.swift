import Support

/// The default strategy of a look-up, which follows from the shape, the batch and the size of the second-level cache.
extension LookupStrategy {
  /// Assumed where the size of the second-level cache is unknown: the smallest of current server cores (Zen 3,
  /// Neoverse N1).
  public static let assumedSecondLevelBytes = 512 << 10

  /// Rows prefetched ahead where whole rows are read: adding a row of 2 KiB takes about 20 ns, a memory latency about
  /// 100.
  private static let rowsAhead = 8

  /// Bytes of a row in a slice: two cache lines, which are fetched as a pair. Wider slices leave room for fewer
  /// tables, so that the sums are read and written more often; with narrower ones codes are read more often.
  private static let sliceBytes = 128

  /// The fewest tables of a group, even where their rows then exceed the cache. With fewer, the sums of a slice,
  /// which every group reads and writes, are more bytes than the rows.
  private static let fewestTables = 4

  /// With fewer tokens than a table has rows, tokens rarely share a row and a cache has nothing to keep, so each
  /// token passes over its whole rows. More tokens are processed in slices. `tokens` is the largest size of a tile
  /// (`WorkPartition.share`).
  public static func `default`(
    _ shape: LookupFFNShape, tableType: TableType, tokens: Int, secondLevelBytes: Int?
  ) -> LookupStrategy {
    tokens < shape.tableRows
      ? LookupStrategy(order: .token, prefetchRows: rowsAhead)
      : sliced(shape, tableType: tableType, secondLevelBytes: secondLevelBytes)
  }

  /// A strategy of slices, of `columns` where that is given, with as many tables in a group as fill half of the
  /// second-level cache. The other half is for streams: sums, codes and the rows of the next group.
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
  /// The largest number of tokens in a tile: a worker's own tokens, unless the team shares its tiles.
  public func share(of tokens: Int) -> Int {
    guard axis == .tokens else { return tokens }
    return largestShare(tokens: tokens, workers: workers)
  }
}
