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

/// Runs the layer stored in `path`, with its `input`, against its `expected.*` tensors; its first `most` tokens only, where
/// that is given. Look-up tables, or all of a dense layer's products, are of type `dtype`; what that may change is in
/// docs/METHODS.md.
public func verify(
  layer path: String, dtype: TableType = .fp32, isa: ISA, tokens most: Int? = nil
) throws -> Verification {
  let file = try SafeTensors(contentsOf: path)
  let isLookup = file.tensors["tables"] != nil
  guard isLookup || file.tensors["fc1.weight"] != nil else {
    throw InputError(file: path, "expected a LookupFFN layer (tensor tables) or a dense FFN (tensor fc1.weight)")
  }
  let inputShape = try file.shape("input", rank: 2)
  let stored = inputShape[0]
  guard stored >= 1 else { throw InputError(file: path, key: "input", "expected at least one token, found none") }
  let tokens = min(stored, most ?? stored)

  let kernel: any Kernel
  var lookup: LookupFFN?
  var rounded: (UnsafeBufferPointer<Float>) -> DenseFFNRounding.Output? = { _ in nil }
  if isLookup {
    let parameters = try LookupFFNParameters(file)
    let blas = parameters.shape.projection == .dense ? try BLAS.load() : nil
    let layer: LookupFFN
    layer = try naming(path) { try LookupFFN(parameters, tableType: dtype, isa: isa, blas: blas) }
    lookup = layer
    kernel = layer
  } else {
    let parameters = try DenseFFNParameters(file)
    kernel = try naming(path) {
      try DenseFFN(parameters, dtype: dtype, isa: isa, blas: try BLAS.load(for: dtype))
    }
    if dtype != .fp32 {
      let rounding = try DenseFFNRounding(parameters, type: dtype)
      let reference = DenseFFNReference(parameters)
      rounded = { rounding.token($0, definition: reference.token($0)) }
    }
  }
  let input = try file.floats("input", shape: [stored, kernel.inputWidth])
  let all = try file.floats("expected.output", shape: [stored, kernel.outputWidth])
  let expected = all.prefix(tokens * kernel.outputWidth)

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
    let codes = try file.integers("expected.code", shape: [stored, tables])
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
    let width = kernel.outputWidth
    input.withUnsafeBufferPointer { input in
      output.withUnsafeBufferPointer { output in
        for token in 0..<tokens {
          let row = token * width..<(token + 1) * width
          check.add(
            output: UnsafeBufferPointer(rebasing: output[row]), expected: expected[row].map(Double.init),
            rounded: rounded(UnsafeBufferPointer(rebasing: input[row])))
        }
      }
    }
  }
  let result = check.result
  return Verification(
    kernel: lookup.map { "lookup-\($0.shape.projection.rawValue)" } ?? "dense", dtype: dtype.rawValue,
    isa: isa.rawValue,
    tokens: tokens, maxAbsError: result.maxAbsoluteError, maxRelError: result.maxRelativeError,
    codeMismatches: result.codeMismatches, passed: result.passed)
}

/// Puts the file's name to a complaint that lacks one.
private func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch var error as InputError {
    error.file = error.file ?? path
    throw error
  }
}
