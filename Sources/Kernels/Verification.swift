import Foundation
import Support

/// The result of running a stored layer on its stored input and comparing it with the stored expectation.
public struct Verification: Encodable, Equatable, Sendable {
  public var kernel: String
  public var dtype: String
  /// Type of the hash; nil, like the next two, where it is fp32.
  public var projectionDtype: String?
  public var isa: String
  public var tokens: Int
  public var maxAbsError: Double
  public var maxRelError: Double
  /// Codes that differ from the stored ones, including those that rounding of the hash explains.
  public var codeMismatches: Int
  /// Code mismatches as a share of all codes.
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

  /// Writes null for an error that is not finite, because JSON has no such number.
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

/// A layer file whose stored input is to be run and compared with its `expected.*` tensors.
public struct VerificationRequest {
  public let file: SafeTensors
  public let path: String
  public let dtype: TableType
  public let hashType: HashType
  public let isa: ISA
  /// The number of tokens that are run, and of those that the file stores.
  public let tokens: Int
  let stored: Int

  /// A pass over the stored input.
  struct Result {
    /// [stored, inputWidth].
    let input: [Float]
    /// [tokens, outputWidth], of the file and of the kernel.
    let expected: ArraySlice<Float>
    let output: [Float]
  }

  func run(_ kernel: any Kernel) throws -> Result {
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
    return Result(input: input, expected: expected, output: output)
  }

  /// Adds the file's name to an error that lacks one.
  func naming<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch var error as InputError {
      error.file = error.file ?? path
      throw error
    }
  }
}

/// Runs the layer stored in `path` on its `input` and compares it with its `expected.*` tensors; only the first
/// `most` tokens, where that is given. Look-up tables, or all of a dense layer's products, are of type `dtype`, and a
/// look-up's hash of `hashType`; docs/reference/methods.md describes the permitted effect of these.
public func verify(
  layer path: String, dtype: TableType = .fp32, hashType: HashType = .fp32, isa: ISA,
  tokens most: Int? = nil
) throws -> Verification {
  let file = try SafeTensors(contentsOf: path)
  guard let network = Networks.owner(of: file) else {
    let kinds = Networks.all.reversed().compactMap { $0.layerMark }.map { "\($0.phrase) (tensor \($0.tensor))" }
    throw InputError(file: path, "expected \(kinds.joined(separator: " or "))")
  }
  guard hashType == .fp32 || network.parameters.contains(.projectionDtype) else {
    throw InputError(
      file: path,
      "expected a LookupFFN layer, which has a projection to round; found \(network.layerMark?.phrase ?? network.name)")
  }
  let stored = try file.shape("input", rank: 2)[0]
  guard stored >= 1 else { throw InputError(file: path, key: "input", "expected at least one token, found none") }
  return try network.verify(
    VerificationRequest(
      file: file, path: path, dtype: dtype, hashType: hashType, isa: isa,
      tokens: min(stored, most ?? stored), stored: stored))
}
