import Foundation
import InputFiles

/// A safetensors file: named tensors and text metadata, validated as a whole when it is opened.
///
/// Format: 8 bytes little-endian header length, a JSON header, then the tensors' bytes
/// (https://github.com/huggingface/safetensors, "Format").
public struct SafeTensors {
  public struct Tensor {
    public let type: String
    public let shape: [Int]
    fileprivate let bytes: Range<Int>
  }

  public let file: String
  public let tensors: [String: Tensor]
  public let metadata: [String: String]
  private let data: Data

  /// Reads and checks the file at `path`: header, types, shapes, and that every tensor lies inside the file.
  public init(contentsOf path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { throw InputError(file: path, "no such file") }
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) else {
      throw InputError(file: path, "expected a readable safetensors file")
    }
    guard data.count >= 8 else {
      throw InputError(file: path, "expected a safetensors header of at least 8 bytes, found \(data.count) bytes")
    }
    let length = data.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
    guard length <= UInt64(data.count - 8) else {
      throw InputError(
        file: path, "expected a header of \(length) bytes, found only \(data.count - 8); truncated or not safetensors")
    }
    let start = 8 + Int(length)
    let decoded = try? JSONSerialization.jsonObject(with: data.subdata(in: 8..<start))
    guard let header = decoded as? [String: Any] else {
      throw InputError(file: path, "expected a JSON object as the safetensors header")
    }

    var tensors: [String: Tensor] = [:]
    for (name, value) in header where name != "__metadata__" {
      tensors[name] = try SafeTensors.tensor(name, value, dataStart: start, fileSize: data.count, file: path)
    }
    self.file = path
    self.tensors = tensors
    self.metadata = header["__metadata__"] as? [String: String] ?? [:]
    self.data = data
  }

  private static func tensor(_ name: String, _ value: Any, dataStart: Int, fileSize: Int, file: String) throws -> Tensor
  {
    guard let entry = value as? [String: Any], let type = entry["dtype"] as? String,
      let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int], offsets.count == 2,
      shape.allSatisfy({ $0 >= 0 }), 0 <= offsets[0], offsets[0] <= offsets[1]
    else {
      throw InputError(file: file, key: name, "expected dtype, shape and data_offsets")
    }
    var bytes = bytesPerElement[type] ?? 0
    for dimension in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
      guard !overflow else {
        throw InputError(file: file, key: name, "expected a shape that fits memory, found \(shape)")
      }
      bytes = product
    }
    let found = offsets[1] - offsets[0]
    guard bytesPerElement[type] == nil || bytes == found else {
      throw InputError(file: file, key: name, "expected \(bytes) bytes for \(type) \(shape), found \(found)")
    }
    guard offsets[1] <= fileSize - dataStart else {
      throw InputError(
        file: file, key: name,
        "expected data up to byte \(dataStart + offsets[1]), but the file ends at \(fileSize); truncated")
    }
    return Tensor(type: type, shape: shape, bytes: (dataStart + offsets[0])..<(dataStart + offsets[1]))
  }

  private static let bytesPerElement = ["F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I8": 1, "U8": 1]

  // MARK: - Values

  /// The values of an F32 tensor in row-major order. `shape` is checked where it is given.
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
      throw InputError(file: file, key: name, "expected \(rank) dimensions, found \(found.count) (\(found))")
    }
    return found
  }

  /// A whole number in the metadata.
  public func metadataInt(_ key: String) throws -> Int? {
    guard let text = metadata[key] else { return nil }
    guard let value = Int(text) else {
      throw InputError(file: file, key: "__metadata__.\(key)", "expected a whole number, found '\(text)'")
    }
    return value
  }

  /// A decimal number in the metadata.
  public func metadataDouble(_ key: String) throws -> Double? {
    guard let text = metadata[key] else { return nil }
    guard let value = Double(text), value.isFinite else {
      throw InputError(file: file, key: "__metadata__.\(key)", "expected a number, found '\(text)'")
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
    guard tensor.type == type else { throw InputError(file: file, key: name, "expected \(type), found \(tensor.type)") }
    if let shape, tensor.shape != shape {
      throw InputError(file: file, key: name, "expected shape \(shape), found \(tensor.shape)")
    }
    let count = tensor.bytes.count / MemoryLayout<Element>.stride
    try CheckedSize.bytes(CheckedSize(count), of: Element.self).requireAllocatable()
    // Copied byte by byte: a tensor need not be aligned to its element in the file.
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer), from: tensor.bytes)
      initialized = count
    }
  }
}
