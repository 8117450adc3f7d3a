import Foundation
import Support

/// A safetensors file: named tensors and text metadata, validated as a whole when it is opened.
///
/// Format: 8 bytes little-endian header length, a JSON header, then the tensors' bytes
/// (https://github.com/huggingface/safetensors, "Format").
public struct SafeTensors {
  public struct Tensor {
    public let type: String
    public let shape: [Int]
    /// The tensor's bytes, counted from the end of the header.
    fileprivate let bytes: Range<Int>
  }

  public let file: String
  public let tensors: [String: Tensor]
  public let metadata: [String: String]
  private let data: Data

  /// The longest header that the format admits (safetensors' own MAX_HEADER_SIZE).
  private static let longestHeader = 100_000_000
  /// The most bytes that are read from a pipe, because they are kept in memory; a regular file is mapped and has no
  /// limit.
  private static let mostStreamed = 1 << 32

  /// Reads and checks the file at `path`: header, types and shapes, that tensors follow each other without gap or
  /// overlap, and that the file ends with the last one. A pipe is read once, into memory. Throws `InputError`.
  public init(contentsOf path: String) throws {
    let file = try InputFile(path)
    let prefix = try file.read(upTo: 8)
    guard prefix.count == 8 else {
      throw InputError(file: path, "expected a safetensors header of at least 8 bytes, found \(prefix.count) bytes")
    }
    if let compression = TextStart.compression(prefix) {
      throw InputError(file: path, "expected safetensors, found it compressed (\(compression)); unpack it first")
    }
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    if case .regular(let size) = file.kind, length > UInt64(max(0, size - 8)) {
      throw InputError(
        file: path, "expected a header of \(length) bytes, found only \(size - 8); truncated or not safetensors")
    }
    guard length <= UInt64(Self.longestHeader) else {
      throw InputError(
        file: path, "expected a header of at most \(Self.longestHeader) bytes, found \(length); not safetensors")
    }
    let text = try file.read(upTo: Int(length))
    guard text.count == Int(length) else {
      throw InputError(
        file: path, "expected a header of \(length) bytes, found only \(text.count); truncated or not safetensors")
    }
    let header = try Self.header(text, file: path)
    var tensors: [String: Tensor] = [:]
    for member in header where member.key != Self.metadataKey {
      tensors[member.key] = try Self.tensor(member.key, member.value, file: path)
    }
    self.file = path
    self.tensors = tensors
    metadata = try Self.metadata(header.first { $0.key == Self.metadataKey }?.value, file: path)
    data = try Self.data(of: tensors, behind: 8 + Int(length), in: file)
  }

  private static let metadataKey = "__metadata__"

  private static func header(_ text: [UInt8], file: String) throws -> [JSONValue.Member] {
    do {
      if let members = try JSONValue(parsing: text, file: file, line: nil).members { return members }
    } catch let error as InputError {
      if let key = error.key {
        throw InputError(file: file, key: key, "expected each tensor and key once, found it twice")
      }
      throw InputError(file: file, "expected a JSON object as the safetensors header: \(error.message)")
    }
    throw InputError(file: file, "expected a JSON object as the safetensors header")
  }

  /// Text by key. A value of another type is refused, because without it the layer could be mistaken for another.
  private static func metadata(_ value: JSONValue?, file: String) throws -> [String: String] {
    guard let value else { return [:] }
    guard let members = value.members else {
      throw InputError(file: file, key: metadataKey, "expected an object of texts, found \(value.described)")
    }
    return try members.reduce(into: [:]) { metadata, member in
      guard let text = member.value.text else {
        throw InputError(
          file: file, key: "\(metadataKey).\(member.key)", "expected text in quotes, found \(member.value.described)")
      }
      metadata[member.key] = text
    }
  }

  private static func tensor(_ name: String, _ value: JSONValue, file: String) throws -> Tensor {
    guard let type = value["dtype"]?.text, let shape = value["shape"]?.elements?.map(\.int),
      let offsets = value["data_offsets"]?.elements?.compactMap(\.int), offsets.count == 2,
      0 <= offsets[0], offsets[0] <= offsets[1]
    else {
      throw InputError(file: file, key: name, "expected dtype, shape and data_offsets")
    }
    let dimensions = shape.compactMap { $0 }
    guard dimensions.count == shape.count, dimensions.allSatisfy({ $0 >= 0 }) else {
      throw InputError(
        file: file, key: name, "expected dtype, shape and data_offsets, with dimensions from 0 to 2^63 - 1")
    }
    var bytes = bytesPerElement[type] ?? 0
    for dimension in dimensions {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
      guard !overflow else {
        throw InputError(file: file, key: name, "expected a shape that fits memory, found \(described(dimensions))")
      }
      bytes = product
    }
    let found = offsets[1] - offsets[0]
    guard bytesPerElement[type] == nil || bytes == found else {
      throw InputError(
        file: file, key: name, "expected \(bytes) bytes for \(type) \(described(dimensions)), found \(found)")
    }
    return Tensor(type: type, shape: dimensions, bytes: offsets[0]..<offsets[1])
  }

  private static let bytesPerElement = [
    "F64": 8, "I64": 8, "U64": 8, "C64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
    "I8": 1,
    "U8": 1, "BOOL": 1,
  ]

  /// The bytes of all tensors. They must follow each other in some order from the header to the end of the file, so
  /// that every byte belongs to exactly one tensor.
  private static func data(of tensors: [String: Tensor], behind start: Int, in file: InputFile) throws -> Data {
    let ordered = tensors.sorted {
      ($0.value.bytes.lowerBound, $0.value.bytes.upperBound) < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound)
    }
    if case .regular(let size) = file.kind {
      for (name, tensor) in ordered where tensor.bytes.upperBound > size - start {
        throw InputError(
          file: file.path, key: name,
          "expected data up to byte \(tensor.bytes.upperBound) behind the header, but the file has \(size - start); truncated"
        )
      }
    }
    var end = 0
    for (name, tensor) in ordered {
      guard tensor.bytes.lowerBound == end else {
        let fault = tensor.bytes.lowerBound < end ? "bytes of another tensor" : "a gap before it"
        throw InputError(
          file: file.path, key: name, "expected data from byte \(end) on, found \(fault) (\(tensor.bytes.lowerBound))")
      }
      end = tensor.bytes.upperBound
    }
    guard case .regular(let size) = file.kind else { return try streamed(end, from: file) }
    guard size == start + end else {
      throw InputError(
        file: file.path,
        "expected the file to end with its last tensor, at byte \(start + end), found \(size - start - end) more")
    }
    return try mapped(size, of: file).suffix(from: start)
  }

  private static func streamed(_ count: Int, from file: InputFile) throws -> Data {
    guard count <= mostStreamed else {
      throw InputError(
        file: file.path,
        "expected at most \(formatByteCount(mostStreamed)) from a pipe, found tensors of \(count) bytes; "
          + "name a regular file")
    }
    let bytes = try file.read(upTo: count)
    guard bytes.count == count else {
      throw InputError(file: file.path, "expected \(count) bytes of tensors, found only \(bytes.count); truncated")
    }
    guard try file.read(upTo: 1).isEmpty else {
      throw InputError(file: file.path, "expected the file to end with its last tensor, found more bytes")
    }
    return Data(bytes)
  }

  /// The whole file as mapped memory, which is read when it is touched.
  private static func mapped(_ size: Int, of file: InputFile) throws -> Data {
    guard let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, file.descriptor, 0), memory != MAP_FAILED else {
      throw InputError(file: file.path, "expected a file that can be mapped: \(String(cString: strerror(errno)))")
    }
    return Data(bytesNoCopy: memory, count: size, deallocator: .unmap)
  }

  private static func described(_ shape: [Int]) -> String { printable("\(shape)", atMost: 60) }

  // MARK: - Values

  /// The values of an F32 tensor in row-major order. `shape` is checked where it is given. Throws `InputError`.
  public func floats(_ name: String, shape: [Int]? = nil) throws -> [Float] {
    try values(name, type: "F32", shape: shape)
  }

  /// The values of an I32 tensor in row-major order.
  public func integers(_ name: String, shape: [Int]? = nil) throws -> [Int32] {
    try values(name, type: "I32", shape: shape)
  }

  /// Throws `InputError` where the tensor is missing or of another shape.
  func requireShape(_ expected: [Int], of name: String) throws {
    let found = try tensor(name).shape
    guard found == expected else {
      throw InputError(file: file, key: name, "expected shape \(expected), found \(found)")
    }
  }

  public func shape(_ name: String, rank: Int) throws -> [Int] {
    let found = try tensor(name).shape
    guard found.count == rank else {
      throw InputError(
        file: file, key: name, "expected \(rank) dimensions, found \(found.count) (\(Self.described(found)))")
    }
    return found
  }

  /// A whole number in the metadata.
  public func metadataInt(_ key: String) throws -> Int? {
    guard let text = metadata[key] else { return nil }
    guard let value = parseWholeNumber(text) else {
      throw InputError(file: file, key: "__metadata__.\(key)", "expected a whole number, found \(quote(text))")
    }
    return value
  }

  /// A decimal number in the metadata.
  public func metadataDouble(_ key: String) throws -> Double? {
    guard let text = metadata[key] else { return nil }
    guard let value = parseNumber(text), Float(value).isFinite else {
      throw InputError(file: file, key: "__metadata__.\(key)", "expected a number, found \(quote(text))")
    }
    return value
  }

  private func tensor(_ name: String) throws -> Tensor {
    guard let tensor = tensors[name] else {
      throw InputError(
        file: file, key: name, "expected this tensor, found only \(tensors.keys.sorted().joined(separator: ", "))")
    }
    return tensor
  }

  private func values<Element>(_ name: String, type: String, shape: [Int]?) throws -> [Element] {
    let tensor = try tensor(name)
    guard tensor.type == type else {
      throw InputError(file: file, key: name, "expected \(type), found \(printable(tensor.type, atMost: 60))")
    }
    if let shape, tensor.shape != shape {
      throw InputError(file: file, key: name, "expected shape \(shape), found \(Self.described(tensor.shape))")
    }
    let count = tensor.bytes.count / MemoryLayout<Element>.stride
    try CheckedSize.bytes(CheckedSize(count), of: Element.self).requireAllocatable()
    // Copied byte by byte, because a tensor need not be aligned to its element in the file.
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      let first = data.startIndex + tensor.bytes.lowerBound
      data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer), from: first..<first + tensor.bytes.count)
      initialized = count
    }
  }
}
