import Testing

@testable import Kernels

@Suite struct DefaultStrategyTests {
  private func shape(rows: Int, tables: Int = 128) -> LookupFFNShape {
    LookupFFNShape(hidden: 512, output: 512, tables: tables, tableRows: rows, hash: .bh4)
  }

  @Test func `fewer tokens than a table has rows pass over whole rows, prefetched`() {
    for tokens in [1, 8, 64, 255] {
      let usual = LookupStrategy.default(shape(rows: 256), tableType: .fp32, tokens: tokens, secondLevelBytes: 1 << 20)
      #expect(usual.order == .token && usual.prefetchRows == 8)
    }
    #expect(
      LookupStrategy.default(shape(rows: 256), tableType: .fp32, tokens: 256, secondLevelBytes: nil).order == .sliced)
  }

  @Test(arguments: [
    (rows: 256, second: 512 << 10, group: 8), (rows: 256, second: 1 << 20, group: 16),
    (rows: 64, second: 512 << 10, group: 32),
    // In the first case all tables fit; in the last not even four do.
    (rows: 16, second: 1 << 20, group: 128), (rows: 4096, second: 512 << 10, group: 4),
  ])
  func `the rows of a group fill half of the second-level cache`(rows: Int, second: Int, group: Int) {
    let usual = LookupStrategy.sliced(shape(rows: rows), tableType: .fp32, secondLevelBytes: second)
    #expect(usual.columnSlice == 32)
    #expect(usual.tableGroup == group)
  }

  @Test func `a slice has as many bytes in every type, and a given one sets the group`() {
    for (type, columns) in [(TableType.fp32, 32), (.bf16, 64), (.int8, 128)] {
      let usual = LookupStrategy.sliced(shape(rows: 256), tableType: type, secondLevelBytes: nil)
      #expect(usual.columnSlice == columns && usual.tableGroup == 8)
    }
    #expect(
      LookupStrategy.sliced(shape(rows: 256), tableType: .fp32, secondLevelBytes: nil, columns: 64).tableGroup == 4)
  }

  @Test func `the tokens of a tile are a worker's, or the whole batch where a team shares its tiles`() {
    #expect(WorkPartition(workers: 2).share(of: 100) == partition(tokens: 100, workers: 2).map(\.count).max())
    #expect(WorkPartition(workers: 2, along: .tables).share(of: 100) == 100)
  }
}
