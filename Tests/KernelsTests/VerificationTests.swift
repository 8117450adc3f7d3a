import Foundation
import Kernels
import Testing

@Suite struct VerificationTests {
  @Test(arguments: Fixture.allLayers, ISA.supported)
  func `every stored layer passes on every instruction set of this CPU`(layer: String, isa: ISA) throws {
    let result = try verify(layer: Fixture.path(layer), isa: isa)
    #expect(result.passed, "\(result)")
    #expect(result.codeMismatches == 0)
    #expect(result.tokens > 0)
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

  private func verification(of data: Data, isa: ISA) throws -> Verification {
    try withTemporaryFile(data) { try verify(layer: $0, isa: isa) }
  }

  /// A stored layer with the first element of `tensor` replaced by 64 (as a float, and as an integer).
  private func tampered(_ tensor: String) throws -> Data {
    var data = try Data(contentsOf: URL(fileURLWithPath: Fixture.path("lookupffn-bh4-d128")))
    let length = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    let header = try JSONSerialization.jsonObject(with: data.subdata(in: 8..<(8 + length)))
    let entry = try #require((header as? [String: Any])?[tensor] as? [String: Any])
    let offset = try #require((entry["data_offsets"] as? [Int])?.first) + 8 + length
    let bytes: [UInt8] = tensor == "expected.code" ? [64, 0, 0, 0] : [0, 0, 0x80, 0x42]
    data.replaceSubrange(offset..<(offset + 4), with: bytes)
    return data
  }
}
