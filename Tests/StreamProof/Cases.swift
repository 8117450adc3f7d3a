import CacheModel
import Kernels

/// A kernel and strategy to be proved, small enough to be traced and large enough to pass through several tiles.
struct Case {
  var name: String
  var strategy: LookupStrategy
  var tableType: TableType = .fp32

  /// Fewer tokens than rows, so that no next group is prefetched: valgrind does not trace prefetches.
  static let tokens = 160
  static let shape = LookupFFNShape(
    hidden: 256, output: 256, tables: 24, tableRows: 256, projection: .bh4, blockSize: 64)

  static let all = [
    Case(name: "token", strategy: LookupStrategy(order: .token)),
    Case(name: "table", strategy: LookupStrategy(order: .table)),
    Case(name: "sliced", strategy: LookupStrategy(order: .sliced, columnSlice: 64, tableGroup: 8)),
    Case(
      name: "sliced, ragged tiles",
      strategy: LookupStrategy(order: .sliced, tokenTile: 48, columnSlice: 96, tableGroup: 5)),
    Case(
      name: "bf16, sliced", strategy: LookupStrategy(order: .sliced, columnSlice: 128, tableGroup: 8),
      tableType: .bf16),
    Case(name: "int8, token", strategy: LookupStrategy(order: .token), tableType: .int8),
  ]

  func kernel(memory: any MemorySource) throws -> LookupFFN {
    try LookupFFN(
      LookupFFNParameters.random(Case.shape, seed: 1), tableType: tableType, strategy: strategy, isa: .avx2,
      memory: memory)
  }

  static func fillInput(_ buffer: FloatBuffer) {
    var random = RandomSource(seed: 2)
    random.fill(UnsafeMutableBufferPointer(start: buffer.base, count: buffer.count), deviation: 1)
  }
}

/// Runs every case once between two marks.
func runCases() throws {
  let arena = try Arena()
  let input = try arena.floats(Case.tokens * Case.shape.hidden, for: .input)
  Case.fillInput(input)
  for example in Case.all {
    let kernel = try example.kernel(memory: arena)
    let output = try arena.floats(Case.tokens * Case.shape.output, for: .output)
    let worker = try kernel.worker(index: 0, tokens: 0..<Case.tokens, memory: arena)
    arena.mark()
    worker.run(input: input.base, output: output.base)
    arena.mark()
  }
}
