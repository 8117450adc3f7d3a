import Testing

@testable import Kernels

@Suite struct LookupScheduleTests {
  private func schedule(
    _ order: LookupStrategy.Order, rows: Int = 16, output: Int = 100, columns: Int = 40, group: Int = 3
  ) -> LookupSchedule {
    LookupSchedule(
      shape: LookupFFNShape(hidden: 64, output: output, tables: 8, tableRows: rows, hash: .bh4, blockSize: 16),
      strategy: LookupStrategy(order: order, tokenTile: 64, columnSlice: columns, tableGroup: group))
  }

  private func gathers(_ steps: [LookupStep]) -> [GatherStage.Step] {
    steps.compactMap { if case .gather(let step) = $0 { step } else { nil } }
  }

  @Test(arguments: LookupStrategy.Order.allCases)
  func `every token, table and column is gathered exactly once`(order: LookupStrategy.Order) {
    var count = [Int](repeating: 0, count: 150 * 8 * 100)
    for step in gathers(schedule(order).steps(tokens: 0..<150)) {
      for token in step.tokens {
        for table in step.tables { for column in step.columns { count[(token * 8 + table) * 100 + column] += 1 } }
      }
    }
    #expect(count.allSatisfy { $0 == 1 })
  }

  @Test(arguments: LookupStrategy.Order.allCases)
  func `the blocks of one tile's steps cover the tables without overlap`(order: LookupStrategy.Order) {
    let schedule = schedule(order)
    let blocks = gathers(schedule.steps(tokens: 0..<64)).map { schedule.block(of: $0) }
    #expect(blocks.reduce(0) { $0 + $1.count } == 8 * 16 * 100)
    #expect(zip(blocks, blocks.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
  }

  @Test(arguments: LookupStrategy.Order.allCases, [1, 2, 3, 9])
  func `a divided team gathers every token, table and column once, and hashes every token once a tile`(
    order: LookupStrategy.Order, workers: Int
  ) {
    var schedule = schedule(order)
    schedule.team = WorkPartition(workers: workers, along: .tables)
    var gathered = [Int](repeating: 0, count: 150 * 8 * 100)
    var hashed = [Int](repeating: 0, count: 150)
    var barriers: Set<Int> = []
    for worker in 0..<workers {
      let steps = schedule.steps(worker: worker, tokens: 150)
      for case .score(let step) in steps { for token in step.tokens { hashed[token] += 1 } }
      for step in gathers(steps) {
        #expect(schedule.slices.contains(step.columns))
        for token in step.tokens {
          for table in step.tables { for column in step.columns { gathered[(token * 8 + table) * 100 + column] += 1 } }
        }
      }
      barriers.insert(steps.count { $0 == .barrier })
    }
    #expect(gathered.allSatisfy { $0 == 1 })
    #expect(hashed.allSatisfy { $0 == 1 })
    // One barrier after the hash of each of the three tiles, and one after the gather of all tiles except the last.
    #expect(barriers == [5])
  }

  @Test func `workers of a divided team never write to the same cache line of the output`() {
    var schedule = schedule(.sliced)
    schedule.team = WorkPartition(workers: 3, along: .tables)
    #expect((0..<3).map { schedule.columns(ofWorker: $0) } == [0..<32, 32..<64, 64..<100])
    #expect(schedule.slices == [0..<32, 32..<64, 64..<100])
  }

  @Test func `a strategy can prefetch every next block, or none`() {
    for (choice, expected) in [(LookupStrategy.GroupPrefetch.on, true), (.off, false)] {
      for rows in [16, 128] {
        var strategy = schedule(.sliced).strategy
        strategy.groupPrefetch = choice
        let schedule = LookupSchedule(shape: schedule(.sliced, rows: rows).shape, strategy: strategy)
        #expect((gathers(schedule.steps(tokens: 0..<64)).first?.next != nil) == expected)
      }
    }
  }

  @Test func `tokens fewer than a table's rows pass through all tables at once`() {
    let steps = gathers(schedule(.sliced, rows: 128).steps(tokens: 0..<5))
    #expect(steps.map(\.tables) == [0..<8, 0..<8, 0..<8])
    #expect(steps.map(\.columns) == [0..<40, 40..<80, 80..<100])
    #expect(
      gathers(schedule(.sliced, rows: 4).steps(tokens: 0..<5)).map(\.tables.count) == [3, 3, 2, 3, 3, 2, 3, 3, 2])
  }

  @Test func `only orders that write the output once let a large one bypass the caches`() {
    let tokens = (1 << 20) / (100 * 4)
    #expect(!schedule(.sliced).streamsOutput(tokens: tokens))
    #expect(schedule(.sliced).streamsOutput(tokens: tokens + 1))
    #expect(schedule(.token).streamsOutput(tokens: tokens + 1))
    #expect(!schedule(.table).streamsOutput(tokens: tokens + 1))
  }

  @Test func `few tokens are projected as rows where blocks are whole vectors`() {
    let wide = schedule(.sliced)
    #expect(wide.hashesRows(0..<1))
    #expect(wide.hashesRows(16..<24))
    #expect(!wide.hashesRows(0..<9))
    let narrow = LookupSchedule(
      shape: LookupFFNShape(hidden: 64, output: 8, tables: 8, tableRows: 16, hash: .bh4, blockSize: 8),
      strategy: LookupStrategy())
    #expect(!narrow.hashesRows(0..<1))
  }

  @Test func `the next block is prefetched only where enough tokens follow to use it`() {
    let many = schedule(.sliced, rows: 16)
    let steps = gathers(many.steps(tokens: 0..<128))
    #expect(steps[0].next == many.block(of: steps[1]))

    // The last block of each of the two tiles has no next one.
    #expect(steps.count { $0.next == nil } == 2)

    #expect(gathers(schedule(.sliced, rows: 128).steps(tokens: 0..<64)).allSatisfy { $0.next == nil })
  }
}
