import Foundation
import Kernels
import Testing

@Suite struct VerificationTests {
  private let dense = "dense-ffn-minilm-l6-layer3"

  @Test(arguments: Fixture.allLayers, ISA.supported)
  func `every stored layer passes on every instruction set of this CPU`(layer: String, isa: ISA) throws {
    let result = try verify(layer: Fixture.path(layer), isa: isa)
    #expect(result.passed, "\(result)")
    #expect(result.codeMismatches == 0)
    #expect(result.tokens > 0)
  }

  @Test(arguments: Fixture.lookupLayers, ISA.supported)
  func `every stored look-up layer passes with compressed tables`(layer: String, isa: ISA) throws {
    for dtype in [TableType.bf16, .int8] {
      let result = try verify(layer: Fixture.path(layer), dtype: dtype, isa: isa)
      #expect(result.passed, "\(result)")
      #expect(result.dtype == dtype.rawValue)
      // Rounding must show; otherwise the tables were not compressed.
      #expect(result.maxAbsError > 1e-4)
    }
  }

  private static let bh4Layers = Fixture.lookupLayers.filter { $0.contains("bh4") }

  @Test(arguments: bh4Layers, ISA.supported)
  func `every stored BH4 layer passes with a bf16 projection, and reports the few codes that it changes`(
    layer: String, isa: ISA
  ) throws {
    for dtype in [TableType.fp32, .bf16] {
      let result = try verify(layer: Fixture.path(layer), dtype: dtype, hashType: .bf16, isa: isa)
      #expect(result.passed, "\(result)")
      #expect(result.projectionDtype == "bf16")
      #expect(result.ambiguousTokens ?? .max <= result.tokens / 4)
      // About 1 % of the codes change. A layer whose codes all stay was not rounded.
      #expect(result.codeMismatches >= 1)
      #expect(result.codeMismatchShare ?? 1 < 0.03)
    }
  }

  @Test(arguments: [
    "expected.output", "expected.code", "hash.projection.weight", "hash.projection.bias", "LayerNorm.weight", "bias",
    "input",
  ])
  func `a wrong stored output, code, parameter or input is not explained by a bf16 projection`(tensor: String) throws {
    let result = try withTemporaryFile(tampered(tensor)) {
      try verify(layer: $0, hashType: .bf16, isa: .best)
    }
    #expect(!result.passed, "\(result)")
  }

  @Test func `a dense layer has no projection to round`() {
    #expect(
      errorMessage { _ = try verify(layer: Fixture.path(dense), hashType: .bf16, isa: .best) }.hasSuffix(
        "expected a LookupFFN layer, which has a projection to round; found a dense FFN"))
  }

  @Test(arguments: [TableType.bf16, .int8])
  func `a wrong stored output is not explained by compressed tables`(dtype: TableType) throws {
    let result = try withTemporaryFile(tampered("expected.output")) { try verify(layer: $0, dtype: dtype, isa: .best) }
    #expect(!result.passed)
  }

  @Test(arguments: [TableType.bf16, .int8], ISA.supported)
  func `the stored dense layer passes in bf16 and int8, and rounding shows`(dtype: TableType, isa: ISA) throws {
    guard Libraries.multiply(dtype) else { return }
    // 24 of 1,024 tokens: the reference is slow in a debug build.
    let result = try verify(layer: Fixture.path(dense), dtype: dtype, isa: isa, tokens: 24)
    #expect(result.passed, "\(result)")
    #expect(result.tokens == 24)
    #expect(result.kernel == "dense")
    #expect(result.dtype == dtype.rawValue)
    #expect(result.maxAbsError > 1e-4)
  }

  @Test(
    arguments: TableType.allCases, ["expected.output", "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "input"])
  func `a wrong stored output, parameter or input of the dense layer does not pass`(
    dtype: TableType, tensor: String
  ) throws {
    guard Libraries.multiply(dtype) else { return }
    // A wrong parameter changes the run and its rounded network in the same way; only the stored output differs.
    let result = try withTemporaryFile(tampered(tensor, of: dense)) {
      try verify(layer: $0, dtype: dtype, isa: .best, tokens: 4)
    }
    #expect(!result.passed, "\(result)")
  }

  @Test func `a layer whose stored output is wrong does not pass`() throws {
    let result = try verification(of: tampered("expected.output"), isa: .best)
    #expect(!result.passed)
    #expect(result.codeMismatches == 0)
  }

  @Test func `a layer whose stored codes are wrong does not pass`() throws {
    let result = try verification(of: tampered("expected.code"), isa: .best)
    #expect(!result.passed)
    #expect(result.codeMismatches >= 1)
  }

  @Test(arguments: [Float.infinity, -.infinity, .nan], ["lookupffn-bh4-d128", "dense-ffn-minilm-l6-layer3"])
  func `an expected value that is not finite does not widen the tolerance`(value: Float, layer: String) throws {
    let bits = value.bitPattern
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    guard layer.hasPrefix("lookup") || Libraries.multiply(.fp32) else { return }
    let result = try withTemporaryFile(tampered("expected.output", of: layer, with: bytes)) {
      try verify(layer: $0, isa: .best, tokens: 4)
    }
    #expect(!result.passed, "\(result)")
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(result)) as? [String: Any]
    #expect(json?["max_abs_error"] is NSNull && json?["max_rel_error"] is NSNull)
  }

  @Test(arguments: [Float.infinity, .nan], HashType.allCases)
  func `an input that is not finite is neither skipped nor accepted`(value: Float, projection: HashType) throws {
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    let result = try withTemporaryFile(tampered("input", with: bytes)) {
      try verify(layer: $0, hashType: projection, isa: .best, tokens: 4)
    }
    #expect(!result.passed, "\(result)")
  }

  private func verification(of data: Data, isa: ISA) throws -> Verification {
    try withTemporaryFile(data) { try verify(layer: $0, isa: isa) }
  }

  /// A stored layer with the first element of `tensor` replaced by 64 (as a float, and as an integer).
  private func tampered(
    _ tensor: String, of layer: String = "lookupffn-bh4-d128", with replacement: [UInt8]? = nil
  ) throws -> Data {
    var data = try Data(contentsOf: URL(fileURLWithPath: Fixture.path(layer)))
    let length = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    let header = try JSONSerialization.jsonObject(with: data.subdata(in: 8..<(8 + length)))
    let entry = try #require((header as? [String: Any])?[tensor] as? [String: Any])
    let offset = try #require((entry["data_offsets"] as? [Int])?.first) + 8 + length
    let bytes: [UInt8] = replacement ?? (tensor == "expected.code" ? [64, 0, 0, 0] : [0, 0, 0x80, 0x42])
    data.replaceSubrange(offset..<(offset + 4), with: bytes)
    return data
  }
}
