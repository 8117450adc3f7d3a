import Foundation
import Support

/// The result of running a stored layer on its stored input and comparing it with the stored expectation.
public struct Verification: Encodable, Equatable, Sendable {
  public var kernel: String
  public var dtype: String
  /// Type of the hash projection where that is not fp32, as the next two.
  public var projectionDtype: String?
  public var isa: String
  public var tokens: Int
  public var maxAbsError: Double
  public var maxRelError: Double
  /// Codes that differ from the stored ones, those among them that rounding the projection explains.
  public var codeMismatches: Int
  /// The same as a share of all codes.
  public var codeMismatchShare: Double?
  /// Tokens that were not compared, because fp32 arithmetic decides a bit of a code.
  public var ambiguousTokens: Int?
  public var passed: Bool

  enum CodingKeys: String, CodingKey {
    case kernel, dtype, isa, tokens
    case projectionDtype = "projection_dtype"
    case maxAbsError = "max_abs_error"
    case maxRelError = "max_rel_error"
    case codeMismatches = "code_mismatches"
    case codeMismatchShare = "code_mismatch_share"
    case ambiguousTokens = "ambiguous_tokens"
    case passed
  }

  /// An error that is no finite number is null, which JSON has for it.
  public func encode(to encoder: Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
    try container.encode(kernel, forKey: .kernel)
    try container.encode(dtype, forKey: .dtype)
    try container.encodeIfPresent(projectionDtype, forKey: .projectionDtype)
    try container.encode(isa, forKey: .isa)
    try container.encode(tokens, forKey: .tokens)
    try container.encode(finite(maxAbsError), forKey: .maxAbsError)
    try container.encode(finite(maxRelError), forKey: .maxRelError)
    try container.encode(codeMismatches, forKey: .codeMismatches)
    try container.encodeIfPresent(codeMismatchShare, forKey: .codeMismatchShare)
    try container.encodeIfPresent(ambiguousTokens, forKey: .ambiguousTokens)
    try container.encode(passed, forKey: .passed)
  }
}

/// Runs the layer stored in `path`, with its `input`, against its `expected.*` tensors; its first `most` tokens only, where
/// that is given. Look-up tables, or all of a dense layer's products, are of type `dtype`, a look-up's hash projection of
/// `projectionType`; what that may change is in docs/METHODS.md.
public func verify(
  layer path: String, dtype: TableType = .fp32, projectionType: ProjectionType = .fp32, isa: ISA,
  tokens most: Int? = nil
) throws -> Verification {
  let file = try SafeTensors(contentsOf: path)
  let isLookup = file.tensors["tables"] != nil
  guard isLookup || file.tensors["fc1.weight"] != nil else {
    throw InputError(file: path, "expected a LookupFFN layer (tensor tables) or a dense FFN (tensor fc1.weight)")
  }
  guard isLookup || projectionType == .fp32 else {
    throw InputError(file: path, "expected a LookupFFN layer, which has a projection to round; found a dense FFN")
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
    let blas = parameters.shape.projection == .dense ? try BLAS.load(for: projectionType.element) : nil
    let layer: LookupFFN
    layer = try naming(path) {
      try LookupFFN(parameters, tableType: dtype, projectionType: projectionType, isa: isa, blas: blas)
    }
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
  var mismatches = 0
  if let lookup {
    let tables = lookup.shape.tables
    let codes = try file.integers("expected.code", shape: [stored, tables])
    let isRounded = projectionType != .fp32
    let actual = try lookup.intermediates(input: input, tokens: Array(0..<tokens), productInputs: isRounded)
    mismatches = zip(actual.codes, codes).filter { $0 != $1 }.count
    let reference = isRounded ? try lookup.reference() : nil
    if !isRounded { check.codeMismatches = mismatches }
    for token in 0..<tokens {
      // By the layer's own codes, which are compared above; the file's may not even be rows.
      let own = token * tables..<(token + 1) * tables
      var shift = lookup.roundingShift(codes: actual.codes[own], scores: actual.scores[own].map(Double.init))
      if let reference {
        let x = input[token * lookup.shape.hidden..<(token + 1) * lookup.shape.hidden]
        let (definition, rounded) = x.withUnsafeBufferPointer {
          (
            reference.definition($0),
            reference.token($0, inputs: actual.productInputs(ofToken: token, shape: lookup.shape))
          )
        }
        check.wrongInputs += rounded.wrongInputs
        if definition.isAmbiguous || rounded.isAmbiguous {
          check.ambiguousTokens += 1
          continue
        }
        // Rounding explains a code where it turns the definition's, which is the stored one, into the layer's.
        check.codeMismatches +=
          own.indices.filter { index in
            let table = index - own.lowerBound
            return codes[index] != definition.token.codes[table] || actual.codes[index] != rounded.token.codes[table]
          }.count
        for column in shift.indices { shift[column] += rounded.token.output[column] - definition.token.output[column] }
      }
      check.tokens += 1
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
          check.tokens += 1
          check.add(
            output: UnsafeBufferPointer(rebasing: output[row]), expected: expected[row].map(Double.init),
            rounded: rounded(UnsafeBufferPointer(rebasing: input[row])))
        }
      }
    }
  }
  let result = check.result
  let isRounded = projectionType != .fp32
  return Verification(
    kernel: lookup.map { "lookup-\($0.shape.projection.rawValue)" } ?? "dense", dtype: dtype.rawValue,
    projectionDtype: isRounded ? projectionType.rawValue : nil, isa: isa.rawValue, tokens: tokens,
    maxAbsError: result.maxAbsoluteError, maxRelError: result.maxRelativeError, codeMismatches: mismatches,
    codeMismatchShare: isRounded ? lookup.map { Double(mismatches) / Double(tokens * $0.shape.tables) } : nil,
    ambiguousTokens: isRounded ? result.ambiguousTokens : nil, passed: result.passed)
}

/// Puts the file's name to a complaint that lacks one.
private func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch var error as InputError {
    error.file = error.file ?? path
    throw error
  }
}
