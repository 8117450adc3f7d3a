import Foundation
import InputFiles

/// The result of running a stored layer on its stored input and comparing it with the stored expectation.
public struct Verification: Codable, Equatable, Sendable {
  public var kernel: String
  public var dtype: String
  public var isa: String
  public var tokens: Int
  public var maxAbsError: Double
  public var maxRelError: Double
  public var codeMismatches: Int
  public var passed: Bool

  enum CodingKeys: String, CodingKey {
    case kernel, dtype, isa, tokens
    case maxAbsError = "max_abs_error"
    case maxRelError = "max_rel_error"
    case codeMismatches = "code_mismatches"
    case passed
  }
}

/// Runs the layer stored in `path`, with its `input`, against its `expected.*` tensors. Look-up tables are stored as
/// `dtype`; what that may change is in docs/METHODS.md.
public func verify(layer path: String, dtype: TableType = .fp32, isa: ISA) throws -> Verification {
  let file = try SafeTensors(contentsOf: path)
  let isLookup = file.tensors["tables"] != nil
  guard isLookup || file.tensors["fc1.weight"] != nil else {
    throw InputError(file: path, "expected a LookupFFN layer (tensor tables) or a dense FFN (tensor fc1.weight)")
  }
  guard isLookup || dtype == .fp32 else {
    throw InputError(file: path, key: "dtype", "expected fp32 for a dense layer, found \(dtype.rawValue)")
  }
  let inputShape = try file.shape("input", rank: 2)
  let tokens = inputShape[0]
  guard tokens >= 1 else { throw InputError(file: path, key: "input", "expected at least one token, found none") }

  let kernel: any Kernel
  var lookup: LookupFFN?
  if isLookup {
    let parameters = try LookupFFNParameters(file)
    let blas = parameters.shape.projection == .dense ? try BLAS.load() : nil
    let layer: LookupFFN
    do {
      layer = try LookupFFN(parameters, tableType: dtype, isa: isa, blas: blas)
    } catch var error as InputError {
      error.file = error.file ?? path
      throw error
    }
    lookup = layer
    kernel = layer
  } else {
    kernel = try DenseFFN(DenseFFNParameters(file), isa: isa, blas: try BLAS.load())
  }
  let input = try file.floats("input", shape: [tokens, kernel.inputWidth])
  let expected = try file.floats("expected.output", shape: [tokens, kernel.outputWidth])

  var output = [Float](repeating: 0, count: expected.count)
  let worker = try kernel.worker(index: 0, tokens: 0..<tokens, memory: HeapMemory())
  input.withUnsafeBufferPointer { x in
    output.withUnsafeMutableBufferPointer { y in
      if let x = x.baseAddress, let y = y.baseAddress { worker.run(input: x, output: y) }
    }
  }

  var check = CheckAccumulator()
  check.tokens = tokens
  if let lookup {
    let tables = lookup.shape.tables
    let codes = try file.integers("expected.code", shape: [tokens, tables])
    let actual = try lookup.intermediates(input: input, tokens: Array(0..<tokens))
    check.codeMismatches = zip(actual.codes, codes).filter { $0 != $1 }.count
    for token in 0..<tokens {
      // By the layer's own codes, which are compared above; the file's may not even be rows.
      let own = token * tables..<(token + 1) * tables
      let shift = lookup.roundingShift(codes: actual.codes[own], scores: actual.scores[own].map(Double.init))
      for column in 0..<lookup.shape.output {
        let index = token * lookup.shape.output + column
        check.add(actual: output[index], expected: Double(expected[index]), shift: shift[column])
      }
    }
  } else {
    for (actual, value) in zip(output, expected) { check.add(actual: actual, expected: Double(value)) }
  }
  let result = check.result
  return Verification(
    kernel: lookup.map { "lookup-\($0.shape.projection.rawValue)" } ?? "dense", dtype: dtype.rawValue,
    isa: isa.rawValue,
    tokens: tokens, maxAbsError: result.maxAbsoluteError, maxRelError: result.maxRelativeError,
    codeMismatches: result.codeMismatches, passed: result.passed)
}
