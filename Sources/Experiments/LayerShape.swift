import Foundation
import InputFiles

/// The dimensions that a layer file states in its metadata, which fix the matching parameters of a point.
///
/// Only the header is read: planning must not load tables of many megabytes. Tensors are the Kernels room's business.
public struct LayerShape: Equatable, Sendable {
  /// The kernel that the file holds the parameters of.
  public var kernel: KernelKind
  public var dimensions: [Parameter: ParameterValue]

  /// Reads the safetensors header: eight bytes of little-endian length, then that many bytes of JSON.
  public init(contentsOf path: String) throws {
    guard let handle = FileHandle(forReadingAtPath: path) else { throw InputError(file: path, "no such file") }
    defer { try? handle.close() }
    let prefix = try handle.read(upToCount: 8) ?? Data()
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    // 100 MB is the limit of the reference implementation.
    guard prefix.count == 8, length <= 100_000_000, let header = try handle.read(upToCount: Int(length)),
      header.count == Int(length),
      let json = try? JSONSerialization.jsonObject(with: header) as? [String: Any]
    else { throw InputError(file: path, "expected a safetensors file: its header is not readable") }
    try self.init(metadata: json["__metadata__"] as? [String: String] ?? [:], file: path)
  }

  init(metadata: [String: String], file: String) throws {
    let names: [(key: String, parameter: Parameter)]
    if metadata["num_table"] != nil {
      kernel = .lookup
      names = [
        ("hidden_size", .hidden), ("output_size", .output), ("num_table", .tables), ("table_size", .tableRows),
        ("block_size", .blockSize),
      ]
    } else if metadata["intermediate_size"] != nil {
      kernel = .dense
      names = [("hidden_size", .hidden), ("intermediate_size", .intermediate)]
    } else {
      throw InputError(
        file: file, key: "__metadata__", "expected num_table (LookupFFN) or intermediate_size (dense), found neither")
    }
    dimensions = [:]
    for (key, parameter) in names {
      guard let number = metadata[key].flatMap(Int.init) else {
        throw InputError(file: file, key: "__metadata__.\(key)", "expected a whole number")
      }
      // A layer with a dense projection states block_size 0: it has no blocks.
      if number > 0 { dimensions[parameter] = .int(number) }
    }
    if kernel == .lookup {
      guard let projection = metadata["projection"].flatMap(ProjectionKind.init) else {
        throw InputError(file: file, key: "__metadata__.projection", "expected bh4 or dense")
      }
      dimensions[.projection] = .text(projection.rawValue)
    }
  }

  /// What the file says about a point of `kernel`: all of it for its own kernel, else the width of its activations.
  func dimensions(for kernel: KernelKind) -> [Parameter: ParameterValue] {
    kernel == self.kernel ? dimensions : dimensions.filter { $0.key == .hidden }
  }
}
