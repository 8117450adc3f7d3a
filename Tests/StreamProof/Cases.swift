import Kernels

/// A kernel and strategy under test, small enough to be traced and large enough to pass through several tiles.
struct Case {
  var name: String
  var strategy: LookupStrategy
  var tableType: TableType = .fp32
  var projection = LookupFFNShape.Hash.bh4

  /// Fewer tokens than rows, so that no next group is prefetched: valgrind does not trace prefetches. A few more than
  /// two ragged tiles, so that the last passes through the projection as rows.
  static let tokens = 100

  static let all = [
    Case(name: "token", strategy: LookupStrategy(order: .token)),
    Case(name: "table", strategy: LookupStrategy(order: .table)),
    Case(name: "sliced", strategy: LookupStrategy(order: .sliced, columnSlice: 64, tableGroup: 4)),
    Case(
      name: "sliced, ragged tiles",
      strategy: LookupStrategy(order: .sliced, tokenTile: 48, columnSlice: 48, tableGroup: 5)),
    Case(
      name: "bf16, sliced", strategy: LookupStrategy(order: .sliced, columnSlice: 64, tableGroup: 12), tableType: .bf16),
    Case(name: "int8, token", strategy: LookupStrategy(order: .token), tableType: .int8),
    Case(name: "dense projection, token", strategy: LookupStrategy(order: .token), projection: .dense),
  ]

  var shape: LookupFFNShape {
    LookupFFNShape(hidden: 256, output: 128, tables: 12, tableRows: 128, hash: projection, blockSize: 32)
  }

  /// A library computes the dense projection; the place and blocking of its working memory are its own.
  var usesLibrary: Bool { projection == .dense }

  func kernel(_ parameters: LookupFFNParameters, memory: any MemorySource) throws -> LookupFFN {
    try LookupFFN(
      parameters, tableType: tableType, strategy: strategy, isa: .avx2,
      blas: usesLibrary ? BLAS.load() : nil, memory: memory)
  }

  /// One layer for all cases of a projection, because making its numbers takes longer under valgrind than running it.
  static func layers() throws -> (Case) -> LookupFFNParameters {
    let lookup = Case(name: "", strategy: LookupStrategy())
    let dense = Case(name: "", strategy: LookupStrategy(), projection: .dense)
    let (bh4, matrix) = try (
      LookupFFNParameters.random(lookup.shape, seed: 1), LookupFFNParameters.random(dense.shape, seed: 1)
    )
    return { $0.projection == .bh4 ? bh4 : matrix }
  }

  /// [tokens, hidden]
  func input(memory: any MemorySource) throws -> FloatBuffer {
    let input = try memory.floats(Case.tokens * shape.hidden, for: .input)
    var random = RandomSource(seed: 2)
    random.fill(UnsafeMutableBufferPointer(start: input.base, count: input.count), deviation: 1)
    return input
  }
}

/// Runs each of `cases` once between two marks.
func run(_ cases: some Sequence<Case>) throws {
  let arena = try Arena()
  let layers = try Case.layers()
  for example in cases {
    let kernel = try example.kernel(layers(example), memory: arena)
    let input = try example.input(memory: arena)
    let output = try arena.floats(Case.tokens * example.shape.output, for: .output)
    let worker = try kernel.worker(index: 0, tokens: 0..<Case.tokens, memory: arena)
    // A library initialises itself in its first call.
    if example.usesLibrary { worker.run(input: input.base, output: output.base) }
    arena.mark()
    worker.run(input: input.base, output: output.base)
    arena.mark()
  }
}
