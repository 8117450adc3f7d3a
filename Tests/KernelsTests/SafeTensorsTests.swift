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

  @Test func `a header that is not JSON, is incomplete or contradicts itself is refused by tensor`() throws {
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

  @Test func `a name given twice is refused, of a tensor and of the metadata`() throws {
    let twice =
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    #expect(try message(file(header: twice)) == "FILE: a: expected each tensor and key once, found it twice")
    let keys = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"n":"3","n":"4"}}"#
    #expect(try message(file(header: keys)) == "FILE: n: expected each tensor and key once, found it twice")
  }

  @Test(arguments: ["3", "null", "[\"a\"]", "{}", "true"])
  func `metadata that is not text is refused by name and not dropped`(value: String) throws {
    let header =
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"activation":"relu","n":\#(value)}}"#
    #expect(try message(file(header: header)).hasPrefix("FILE: __metadata__.n: expected text in quotes, found "))
    let whole = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":\#(value)}"#
    if value != "{}" {
      #expect(try message(file(header: whole)).hasPrefix("FILE: __metadata__: expected an object of texts, found "))
    }
  }

  @Test func `tensors that share bytes, leave a gap or do not reach the end are refused`() throws {
    func header(_ first: [Int], _ second: [Int]) -> String {
      let entries = [("a", first), ("b", second)].map { name, offsets in
        #""\#(name)":{"dtype":"U8","shape":[\#(offsets[1] - offsets[0])],"data_offsets":[\#(offsets[0]),\#(offsets[1])]}"#
      }
      return "{" + entries.joined(separator: ",") + "}"
    }
    #expect(try message(file(header: header([0, 4], [4, 8]))).isEmpty)
    #expect(try message(file(header: header([4, 8], [0, 4]))).isEmpty)
    #expect(
      try message(file(header: header([0, 4], [3, 8])))
        == "FILE: b: expected data from byte 4 on, found bytes of another tensor (3)")
    #expect(
      try message(file(header: header([0, 4], [5, 8])))
        == "FILE: b: expected data from byte 4 on, found a gap before it (5)")
    #expect(try message(file(header: header([0, 4], [4, 7]))).hasSuffix("found 1 more"))
  }

  @Test func `a layer from a pipe is read once and correctly, and an endless one is refused`() throws {
    let pipe = Pipe()
    pipe.fileHandleForWriting.write(file())
    try pipe.fileHandleForWriting.close()
    let tensors = try SafeTensors(contentsOf: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
    #expect(try tensors.floats("a", shape: [2]) == [0, 0])
    #expect(errorMessage { _ = try SafeTensors(contentsOf: "/dev/zero") }.contains("expected a JSON object"))
    #expect(errorMessage { _ = try SafeTensors(contentsOf: "/dev/urandom") }.contains("expected"))
  }

  @Test func `a compressed layer is named as such, and deep or strange JSON is refused`() throws {
    #expect(
      try message(Data([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3, 4, 5])).hasSuffix(
        "found it compressed (zstd); unpack it first"))
    let deep = "{\"a\":" + String(repeating: "[", count: 100_000)
    #expect(try message(file(header: deep)).contains("expected at most 64 levels"))
    let odd = #"{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}"#
    #expect(
      try message(file(header: odd)).contains("expected a JSON object as the safetensors header: expected a value"))
  }

  @Test(arguments: ["9223372036854775807", "9223372036854775808", "1.0", "-1", "true"])
  func `a dimension that no tensor has is refused`(dimension: String) throws {
    let header = #"{"a":{"dtype":"F32","shape":[\#(dimension)],"data_offsets":[0,8]}}"#
    #expect(try message(file(header: header)).hasPrefix("FILE: a: expected "))
  }

  @Test func `a tensor that is absent, of another type or shape is refused by name`() throws {
    #expect(try message(file()) { _ = try $0.floats("b") } == "FILE: b: expected this tensor, found only a")
    #expect(try message(file()) { _ = try $0.integers("a") } == "FILE: a: expected I32, found F32")
    #expect(try message(file()) { _ = try $0.floats("a", shape: [4]) } == "FILE: a: expected shape [4], found [2]")
  }
}
