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

/// Runs the layer stored in `path`, with its `input`, against its `expected.*` tensors.
public func verify(layer path: String, isa: ISA) throws -> Verification {
  let file = try SafeTensors(contentsOf: path)
  let isLookup = file.tensors["tables"] != nil
  guard isLookup || file.tensors["fc1.weight"] != nil else {
    throw InputError(file: path, "expected a LookupFFN layer (tensor tables) or a dense FFN (tensor fc1.weight)")
  }
  let inputShape = try file.shape("input", rank: 2)
  let tokens = inputShape[0]
  guard tokens >= 1 else { throw InputError(file: path, key: "input", "expected at least one token, found none") }

  let kernel: any Kernel
  var lookup: LookupFFN?
  if isLookup {
    let parameters = try LookupFFNParameters(file)
    let layer = try LookupFFN(
      parameters, isa: isa, blas: parameters.shape.projection == .dense ? try BLAS.load() : nil)
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
  for (actual, value) in zip(output, expected) { check.add(actual: actual, expected: Double(value)) }
  if let lookup {
    let codes = try file.integers("expected.code", shape: [tokens, lookup.shape.tables])
    let actual = try input.withUnsafeBufferPointer { x in
      try x.baseAddress.map { try lookup.intermediates(input: $0, tokens: Array(0..<tokens)).codes } ?? []
    }
    check.codeMismatches = zip(actual, codes).filter { $0 != $1 }.count
  }
  let result = check.result
  return Verification(
    kernel: lookup.map { "lookup-\($0.shape.projection.rawValue)" } ?? "dense", dtype: "fp32", isa: isa.rawValue,
    tokens: tokens, maxAbsError: result.maxAbsoluteError, maxRelError: result.maxRelativeError,
    codeMismatches: result.codeMismatches, passed: result.passed)
}
