import Foundation
import Kernels
import Testing

@Suite struct SafeTensorsTests {
  /// A file with one tensor `a`, F32 [2], and the given changes to its header.
  private func file(header: String? = nil, data: Int = 8) -> Data {
    let header = header ?? #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"n":"3"}}"#
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    return length + Data(header.utf8) + Data(repeating: 0, count: data)
  }

  private func message(_ data: Data, _ body: (SafeTensors) throws -> Void = { _ in }) throws -> String {
    try withTemporaryFile(data) { path in
      errorMessage { try body(SafeTensors(contentsOf: path)) }.replacingOccurrences(of: path, with: "FILE")
    }
  }

  @Test func `a good file gives its values and metadata`() throws {
    try withTemporaryFile(file()) { path in
      let tensors = try SafeTensors(contentsOf: path)
      #expect(try tensors.floats("a", shape: [2]) == [0, 0])
      #expect(try tensors.metadataInt("n") == 3)
    }
  }

  @Test func `a missing file is named`() {
    #expect(errorMessage { _ = try SafeTensors(contentsOf: "/no/file") } == "/no/file: no such file")
  }

  @Test func `a file cut off in its header, its data or its length is refused`() throws {
    #expect(try message(Data([1, 2])).hasPrefix("FILE: expected a safetensors header of at least 8 bytes, found 2"))
    #expect(try message(file().prefix(30)).contains("truncated or not safetensors"))
    #expect(try message(file(data: 4)).hasPrefix("FILE: a: expected data up to byte"))
    #expect(try message(Data(repeating: 0xFF, count: 64)).contains("truncated or not safetensors"))
  }

  @Test func `a header that is no JSON, or lacks or contradicts itself, is refused by tensor`() throws {
    #expect(try message(file(header: "[}")).contains("expected a JSON object"))
    #expect(
      try message(file(header: #"{"a":{"dtype":"F32","shape":[2]}}"#))
        == "FILE: a: expected dtype, shape and data_offsets")
    #expect(
      try message(file(header: #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#))
        == "FILE: a: expected 12 bytes for F32 [3], found 8")
    #expect(
      try message(file(header: #"{"a":{"dtype":"F32","shape":[4611686018427387904,9],"data_offsets":[0,8]}}"#))
        .hasPrefix("FILE: a: expected a shape that fits memory"))
  }

  @Test func `a tensor that is absent, of another type or shape is refused by name`() throws {
    #expect(try message(file()) { _ = try $0.floats("b") } == "FILE: b: expected this tensor, found only a")
    #expect(try message(file()) { _ = try $0.integers("a") } == "FILE: a: expected I32, found F32")
    #expect(try message(file()) { _ = try $0.floats("a", shape: [4]) } == "FILE: a: expected shape [4], found [2]")
  }
}
