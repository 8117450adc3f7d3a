import Kernels
import Support

/// The dimensions that a layer file states in its metadata, which fix the matching parameters of a point.
///
/// Only the metadata matters here: the file is mapped, so that planning loads no tables.
public struct LayerShape: Equatable, Sendable {
  /// The kernel that the file holds the parameters of.
  public var kernel: KernelKind
  public var dimensions: [Parameter: ParameterValue]

  public init(contentsOf path: String) throws {
    try self.init(metadata: SafeTensors(contentsOf: path).metadata, file: path)
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
      // 2^31 is the largest number that any parameter admits.
      guard let text = metadata[key], let number = parseWholeNumber(text), (0...1 << 31).contains(number) else {
        throw InputError(
          file: file, key: "__metadata__.\(key)",
          "expected a whole number from 0 to 2^31, found \(metadata[key].map(quote) ?? "nothing")")
      }
      // A layer with a dense projection states block_size 0: it has no blocks.
      if parameter == .blockSize, number == 0 { continue }
      guard parameter.accepts(number) else {
        throw InputError(
          file: file, key: "__metadata__.\(key)", "expected \(parameter.expectation), found \(number)")
      }
      dimensions[parameter] = .int(number)
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
