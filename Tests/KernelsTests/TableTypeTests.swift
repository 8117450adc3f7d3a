import AccessStreams
import TestSupport
import Testing

@testable import Kernels

@Suite(.machine) struct TableTypeTests {
  // MARK: - Conversion

  @Test(
    arguments: [
      (1, 0x3F80), (-2, 0xC000), (0, 0), (-0.0, 0x8000), (Float.leastNonzeroMagnitude, 0),
      // 1 + 2^-8 lies halfway between 0x3F80 and 0x3F81, 1 + 3 x 2^-8 between 0x3F81 and 0x3F82: both round to the
      // even one.
      (1 + 0x1p-8, 0x3F80), (1 + 0x3p-8, 0x3F82), (-1 - 0x1p-8, 0xBF80),
      ((1 + Float(0x1p-8)).nextUp, 0x3F81), ((1 + Float(0x3p-8)).nextDown, 0x3F81),
      // Carries into the exponent.
      (2 - 0x1p-9, 0x4000), (TableType.bf16.largestInput, 0x7F7F),
    ] as [(Float, UInt16)])
  func `bf16 rounds to nearest, ties to even`(value: Float, bits: UInt16) {
    var result: UInt16 = 0
    [value].withUnsafeBufferPointer { roundToBF16($0, into: &result) }
    #expect(result == bits)
  }

  @Test func `int8 makes the largest magnitude 127 and rounds to whole multiples of the scale`() {
    var result = [Int8](repeating: 99, count: 6)
    #expect(int8Scale(largest: 254) == 2)
    [254, -254, 1, 3, -5, 0].withUnsafeBufferPointer { quantise($0, scale: 2, into: &result) }
    #expect(result == [127, -127, 0, 2, -2, 0])  // 0.5, 1.5 and -2.5 are ties
  }

  @Test(arguments: [0, Float.leastNonzeroMagnitude, 100 * Float.leastNonzeroMagnitude])
  func `a row of zeros, or of denormal numbers, has scale 0`(value: Float) {
    var result = [Int8](repeating: 99, count: 2)
    #expect(int8Scale(largest: value) == 0)
    [value, -value].withUnsafeBufferPointer { quantise($0, scale: 0, into: &result) }
    #expect(result == [0, 0])
  }

  @Test(arguments: [TableType.bf16, .int8])
  func `a stored entry differs from the original by at most the stated bound`(type: TableType) throws {
    let shape = LookupFFNTests.bh4(hidden: 8, output: 37, tables: 3, rows: 8, block: 4)
    var random = RandomSource(seed: 5)
    // Rows of very different magnitude.
    let values = (0..<24).flatMap { row in
      random.normals(37).map { $0 * Float(sign: .plus, exponent: row - 12, significand: 1) }
    }
    // Slices that do not divide the columns.
    let tables = try PackedTables(
      values, shape: shape, slices: (0..<37).pieces(of: 10), type: type, memory: HeapMemory())
    for row in 0..<24 {
      let original = Array(values[row * 37..<(row + 1) * 37])
      let bound = type.roundingBound(largest: original.map(abs).max() ?? 0)
      for column in 0..<37 {
        // The division and the scale are fp32 themselves, which adds at most 2^-16 of half a step.
        #expect(abs(tables.value(row: row, column: column) - Double(original[column])) <= bound * (1 + 0x1p-16))
      }
    }
  }

  @Test(arguments: [Float.nan, .infinity, .greatestFiniteMagnitude])
  func `a value that the type cannot hold is refused by its row`(value: Float) throws {
    let shape = LookupFFNTests.bh4(hidden: 8, output: 5, tables: 2, rows: 4, block: 4)
    var parameters = try LookupFFNParameters.random(shape, seed: 1)
    parameters.tables[(4 + 2) * 5 + 3] = value
    #expect(
      errorMessage { _ = try LookupFFN(parameters, tableType: .bf16) }
        == "tables: expected finite values that bf16 can hold, found others in row 2 of table 1")
  }

  // MARK: - The layer

  @Test(arguments: LookupFFNTests.edges + LookupFFNTests.random.prefix(10), ISA.supported)
  func `with compressed tables the output keeps to the bound for any shape and strategy`(
    testCase: LookupFFNTests.Case, isa: ISA
  ) throws {
    let shape = testCase.shape
    var parameters = try LookupFFNParameters.random(shape, seed: 7)
    for column in 0..<shape.output { parameters.tables[column] = 0 }  // one row of zeros
    for type in [TableType.bf16, .int8] {
      let layer = try LookupFFN(
        parameters, tableType: type, strategy: testCase.strategy, isa: isa,
        blas: shape.hash == .dense ? BLAS.load() : nil)
      let pass = try Pass(layer, tokens: testCase.tokens)
      let result = try pass.check()
      #expect(result.passed, "\(type) \(result)")
      #expect(result.maxAbsoluteError <= pass.largestBound() + result.tolerance, "\(type) \(result)")
    }
  }

  @Test(arguments: [TableType.bf16, .int8], [1, 1024])
  func `a wrong row is caught, however many tables there are`(type: TableType, tables: Int) throws {
    let shape = LookupFFNTests.bh4(hidden: 64, output: 40, tables: tables, rows: 4, block: 16)
    let layer = try LookupFFN(LookupFFNParameters.random(shape, seed: 1), tableType: type)
    let pass = try Pass(layer, tokens: 20)
    #expect(try pass.check().passed)

    // The kernel reads the row beside the correct one, for one token and table.
    var wrong = pass
    let row = (tables - 1) * 4 + Int(pass.codes[7 * tables + tables - 1])
    let score = pass.scores[7 * tables + tables - 1]
    for column in 0..<40 {
      let change = layer.tables.value(row: row ^ 1, column: column) - layer.tables.value(row: row, column: column)
      wrong.output[7 * 40 + column] += score * Float(change)
    }
    #expect(try !wrong.check().passed)

    // A row is stored in the wrong place.
    let bytes = 40 * type.bytes
    layer.tables.address(row: row, column: 0)
      .copyMemory(from: layer.tables.address(row: row ^ 1, column: 0), byteCount: bytes)
    #expect(try !Pass(layer, tokens: 20).check().passed)
  }

  @Test func `a wrong scale is caught`() throws {
    let shape = LookupFFNTests.bh4(hidden: 64, output: 40, tables: 9, rows: 4, block: 16)
    let layer = try LookupFFN(LookupFFNParameters.random(shape, seed: 1), tableType: .int8)
    for row in 0..<4 { layer.tables.scales(row: 8 * 4 + row)?.pointee *= 1.01 }
    #expect(try !Pass(layer, tokens: 20).check().passed)
  }

  // MARK: - Accounting and access stream

  @Test(arguments: [(TableType.fp32, 4 * 50), (.bf16, 2 * 50), (.int8, 50 + 4)])
  func `accounting and access stream count the bytes of the rows as they are stored`(type: TableType, row: Int) throws {
    let shape = LookupFFNTests.bh4(hidden: 16, output: 50, tables: 6, rows: 8, block: 4)
    #expect(shape.tableBytes(type) == 6 * 8 * row)
    let layer = try LookupFFN(
      LookupFFNParameters.random(shape, seed: 1), tableType: type,
      strategy: LookupStrategy(columnSlice: 50, tableGroup: 4))
    #expect(layer.accounts.last?.tableBytes == Double(6 * row))

    let input = Pass.input(layer, tokens: 24)
    let workload = try layer.workload(input: input, tokens: 24, threads: 1)
    let sink = GatherBytes()
    workload.emit(to: AccessStream(sink: sink))
    #expect(sink.gathers == 24 * 6 * 50 * type.bytes)
    let gather = try #require(workload.phases.first { $0.name == GatherStage.name })
    #expect(gather.operands == .fp32)
    #expect(gather.otherOperations == (type == .fp32 ? 0 : 2 * 24 * 6 * 50))
    // Two table groups: each reads and writes the output once.
    if layer.isa.gatherColumns >= 50 { #expect(gather.loadBytes == Double(24 * (6 * row + 2 * 50 * 4))) }
  }
}

/// A layer's run on random tokens, with the data for its check.
private struct Pass {
  let layer: LookupFFN
  let tokens: Int
  let input: [Float]
  var output: [Float]
  let codes: [Int32]
  let scores: [Float]

  init(_ layer: LookupFFN, tokens: Int) throws {
    self.layer = layer
    self.tokens = tokens
    input = Pass.input(layer, tokens: tokens)
    var output = [Float](repeating: .nan, count: tokens * layer.outputWidth)
    try layer.worker(index: 0, tokens: 0..<tokens, memory: HeapMemory()).run(input: input, output: &output)
    self.output = output
    let intermediates = try layer.intermediates(input: input, tokens: Array(0..<tokens))
    codes = intermediates.codes
    scores = intermediates.scores
  }

  static func input(_ layer: LookupFFN, tokens: Int) -> [Float] {
    var random = RandomSource(seed: 11)
    return random.normals(tokens * layer.inputWidth)
  }

  func check() throws -> CheckResult {
    try layer.check(input: input, output: output, tokens: Array(0..<tokens))
  }

  /// The maximum over all tokens of the sum of score x rounding bound.
  func largestBound() -> Double {
    let shape = layer.shape
    return (0..<tokens).map { token in
      (0..<shape.tables).reduce(0) { sum, table in
        let index = token * shape.tables + table
        let start = (table * shape.tableRows + Int(codes[index])) * shape.output
        let largest = layer.parameters.tables[start..<start + shape.output].map(abs).max() ?? 0
        return sum + Double(scores[index]) * layer.tableType.roundingBound(largest: largest)
      }
    }.max() ?? 0
  }
}

private final class GatherBytes: AccessSink {
  private(set) var gathers = 0

  func consume(_ accesses: UnsafeBufferPointer<Access>) {
    for access in accesses where access.kind == .gather { gathers += Int(access.bytes) }
  }

  func enter(phase: Int) {}
}
