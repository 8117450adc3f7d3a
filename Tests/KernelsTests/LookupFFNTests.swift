import Kernels
import TestSupport
import Testing

/// Random shapes against the scalar reference, on every instruction set.
@Suite(.machine) struct LookupFFNTests {
  struct Case: CustomTestStringConvertible {
    var shape: LookupFFNShape
    var tokens: Int
    var strategy = LookupStrategy()
    var team = WorkPartition()

    var testDescription: String {
      "d=\(shape.hidden) out=\(shape.output) T=\(shape.tables) rows=\(shape.tableRows) \(shape.hash) "
        + "block=\(shape.blockSize) tokens=\(tokens) \(strategy.order) tile=\(strategy.tokenTile) "
        + "slice=\(strategy.columnSlice) group=\(strategy.tableGroup) "
        + "prefetch=\(strategy.groupPrefetch?.rawValue ?? "auto") \(team.workers) by \(team.axis)"
    }
  }

  /// Shapes that exercise every edge: one token, ragged lane groups, d that is not a power of two, one table, two
  /// rows, many rows, blocks narrower than the register blocking, codes that straddle chains, slices and groups that
  /// do not divide.
  static let edges: [Case] = [
    Case(shape: bh4(hidden: 1, output: 1, tables: 1, rows: 2, block: 1), tokens: 1),
    Case(shape: bh4(hidden: 3, output: 5, tables: 1, rows: 2, block: 2), tokens: 17),
    Case(shape: bh4(hidden: 96, output: 33, tables: 7, rows: 4096, block: 4), tokens: 15),
    Case(
      shape: bh4(hidden: 100, output: 300, tables: 13, rows: 32, block: 8), tokens: 33,
      strategy: LookupStrategy(order: .sliced, tokenTile: 20, columnSlice: 70, tableGroup: 5, prefetchRows: 3)),
    Case(
      shape: bh4(hidden: 512, output: 512, tables: 8, rows: 256, block: 64), tokens: 48,
      strategy: LookupStrategy(order: .token, prefetchRows: 2)),
    Case(shape: bh4(hidden: 512, output: 512, tables: 128, rows: 256, block: 64), tokens: 1),
    Case(shape: bh4(hidden: 100, output: 70, tables: 13, rows: 32, block: 16), tokens: 7),
    Case(shape: bh4(hidden: 30, output: 96, tables: 9, rows: 64, block: 32), tokens: 8),
    Case(shape: bh4(hidden: 64, output: 64, tables: 5, rows: 8, block: 64), tokens: 130 + 4),
    Case(
      shape: bh4(hidden: 64, output: 64, tables: 40, rows: 16, block: 64), tokens: 100,
      strategy: LookupStrategy(order: .table, tokenTile: 32)),
    Case(
      shape: LookupFFNShape(hidden: 37, output: 19, tables: 11, tableRows: 8, hash: .dense), tokens: 300,
      strategy: LookupStrategy(order: .sliced, tokenTile: 272, columnSlice: 7, tableGroup: 3)),
    // Several tiles, so that codes of one overwrite those of another; shares that start within a hash tile.
    Case(
      shape: bh4(hidden: 100, output: 130, tables: 9, rows: 64, block: 16), tokens: 200,
      strategy: LookupStrategy(order: .sliced, tokenTile: 48, columnSlice: 24, tableGroup: 2, groupPrefetch: .on),
      team: WorkPartition(workers: 3, along: .tables)),
    // More workers than columns and lane groups: some have nothing to hash, some nothing to gather.
    Case(
      shape: bh4(hidden: 20, output: 20, tables: 3, rows: 8, block: 4), tokens: 5,
      strategy: LookupStrategy(order: .token), team: WorkPartition(workers: 4, along: .tables)),
    Case(
      shape: LookupFFNShape(hidden: 40, output: 100, tables: 5, tableRows: 16, hash: .dense), tokens: 700,
      strategy: LookupStrategy(order: .table, tokenTile: 600), team: WorkPartition(workers: 2, along: .tables)),
  ]

  static let random: [Case] = {
    var random = RandomSource(seed: 2403_07221)
    return (0..<32).map { _ in
      let hidden = Int.random(in: 1...200, using: &random)
      let padded = LookupFFNShape(hidden: hidden, output: 1, tables: 1, tableRows: 2, hash: .dense).paddedHidden
      let shape = LookupFFNShape(
        hidden: hidden, output: Int.random(in: 1...400, using: &random), tables: Int.random(in: 1...20, using: &random),
        tableRows: 1 << Int.random(in: 1...10, using: &random), hash: Bool.random(using: &random) ? .bh4 : .dense,
        blockSize: 1 << Int.random(in: 0...min(6, padded.trailingZeroBitCount), using: &random))
      return Case(
        shape: shape, tokens: Int.random(in: 1...200, using: &random),
        strategy: LookupStrategy(
          order: LookupStrategy.Order.allCases.randomElement(using: &random) ?? .token,
          tokenTile: Int.random(in: 1...250, using: &random), columnSlice: Int.random(in: 1...400, using: &random),
          tableGroup: Int.random(in: 1...24, using: &random), prefetchRows: Int.random(in: 0...4, using: &random),
          groupPrefetch: [nil, .on, .off].randomElement(using: &random) ?? nil),
        team: WorkPartition(
          workers: Int.random(in: 1...4, using: &random),
          along: WorkPartition.Axis.allCases.randomElement(using: &random) ?? .tokens))
    }
  }()

  @Test(arguments: edges + random, ISA.supported)
  func `the output equals the reference for any shape, strategy and partition`(testCase: Case, isa: ISA) throws {
    let shape = testCase.shape
    let parameters = try LookupFFNParameters.random(shape, seed: 7)
    let layer = try LookupFFN(
      parameters, strategy: testCase.strategy, team: testCase.team, isa: isa,
      blas: shape.hash == .dense ? BLAS.load() : nil)
    let result = try check(layer, tokens: testCase.tokens, workers: testCase.team.workers)
    #expect(result.passed, "\(result)")
    #expect(result.ambiguousTokens <= testCase.tokens / 4)
  }

  @Test func `the shares of several workers make up the whole batch`() throws {
    let shape = LookupFFNTests.bh4(hidden: 60, output: 50, tables: 6, rows: 16, block: 16)
    let layer = try LookupFFN(LookupFFNParameters.random(shape, seed: 3), strategy: LookupStrategy(tokenTile: 32))
    for workers in [1, 2, 3, 20] {
      #expect(try check(layer, tokens: 133, workers: workers).passed)
    }
  }

  @Test func `one worker of a divided team can also compute a batch alone`() throws {
    let shape = LookupFFNTests.bh4(hidden: 60, output: 70, tables: 6, rows: 16, block: 16)
    let layer = try LookupFFN(
      LookupFFNParameters.random(shape, seed: 3), strategy: LookupStrategy(tokenTile: 32),
      team: WorkPartition(workers: 3, along: .tables))
    let input = try inputs(layer, tokens: 77)
    var output = [Float](repeating: .nan, count: 77 * 70)
    try layer.worker(index: 0, tokens: 0..<77, memory: HeapMemory()).run(input: input, output: &output)
    #expect(try layer.check(input: input, output: output, tokens: Array(0..<77)).passed)
  }

  @Test func `a team of another size than the tables were divided among is a programming error`() async throws {
    await #expect(processExitsWith: .failure) {
      let shape = LookupFFNTests.bh4(hidden: 60, output: 50, tables: 6, rows: 16, block: 16)
      let layer = try LookupFFN(
        LookupFFNParameters.random(shape, seed: 3), team: WorkPartition(workers: 3, along: .tables))
      _ = try layer.workers(2, tokens: 10, memory: HeapMemory(), barrier: {})
    }
  }

  @Test func `with replicated tables each worker reads the copy of its node`() throws {
    let shape = LookupFFNTests.bh4(hidden: 60, output: 50, tables: 6, rows: 16, block: 16)
    let memory = TwoNodes()
    let layer = try LookupFFN(LookupFFNParameters.random(shape, seed: 3), memory: memory)
    #expect(memory.copies.keys.sorted() == [0, 1])
    let input = try inputs(layer, tokens: 64)
    func output(ofWorker index: Int) throws -> [Float] {
      var output = [Float](repeating: .nan, count: 64 * 50)
      try layer.worker(index: index, tokens: 0..<64, memory: memory).run(input: input, output: &output)
      return output
    }
    let expected = try output(ofWorker: 0)
    #expect(try layer.check(input: input, output: expected, tokens: Array(0..<64)).passed)
    #expect(try output(ofWorker: 1) == expected)
    // Only worker 1's copy changes, so only its output does.
    memory.copies[1]?.base.update(repeating: 1000, count: memory.copies[1]?.count ?? 0)
    #expect(try output(ofWorker: 0) == expected)
    #expect(try output(ofWorker: 1) != expected)
  }

  @Test func `a table size that is not a power of two is refused by name`() {
    let shape = LookupFFNTests.bh4(hidden: 64, output: 64, tables: 4, rows: 48, block: 16)
    #expect(
      errorMessage { _ = try LookupFFNParameters.random(shape, seed: 1) }
        == "table_size: expected a power of two of at least 2, found 48")
  }

  @Test func `a wrong output is caught by the check`() throws {
    let shape = LookupFFNTests.bh4(hidden: 64, output: 64, tables: 4, rows: 16, block: 16)
    let layer = try LookupFFN(LookupFFNParameters.random(shape, seed: 1))
    var input = try inputs(layer, tokens: 20)
    var output = try run(layer, &input, tokens: 20, workers: 1)
    output[5 * 64 + 7] += 0.01
    #expect(try !layer.check(input: input, output: output, tokens: Array(0..<20)).passed)
    output[5 * 64 + 7] = .nan
    #expect(try !layer.check(input: input, output: output, tokens: Array(0..<20)).passed)
  }

  // MARK: - Helpers

  static func bh4(hidden: Int, output: Int, tables: Int, rows: Int, block: Int) -> LookupFFNShape {
    LookupFFNShape(hidden: hidden, output: output, tables: tables, tableRows: rows, hash: .bh4, blockSize: block)
  }

  private func inputs(_ kernel: any Kernel, tokens: Int) throws -> [Float] {
    var random = RandomSource(seed: 11)
    return random.normals(tokens * kernel.inputWidth)
  }

  private func run(_ kernel: any Kernel, _ input: inout [Float], tokens: Int, workers: Int) throws -> [Float] {
    var output = [Float](repeating: .nan, count: tokens * kernel.outputWidth)
    let team = Team(workers)
    let members = try kernel.workers(workers, tokens: tokens, memory: HeapMemory(), barrier: team.barrier)
    output.withUnsafeMutableBufferPointer { output in
      input.withUnsafeBufferPointer { input in
        guard let from = input.baseAddress, let to = output.baseAddress else { return }
        team.run { members[$0].run(input: from, output: to) }
      }
    }
    return output
  }

  private func check(_ kernel: any Kernel, tokens: Int, workers: Int) throws -> CheckResult {
    var input = try inputs(kernel, tokens: tokens)
    let output = try run(kernel, &input, tokens: tokens, workers: workers)
    return try kernel.check(input: input, output: output, tokens: Array(0..<tokens))
  }
}

/// A memory source of two nodes; each worker is on the node of its parity.
private final class TwoNodes: MemorySource {
  var copies: [Int: FloatBuffer] = [:]
  let tableCopies = 2

  func tableCopy(ofWorker index: Int) -> Int { index % 2 }

  func floats(_ count: Int, for role: MemoryRole) throws -> FloatBuffer {
    let buffer = try HeapMemory().floats(count, for: role)
    if case .tables(let copy) = role { copies[copy] = buffer }
    return buffer
  }
}
