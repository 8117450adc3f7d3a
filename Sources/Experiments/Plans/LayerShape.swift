import Kernels
import Support

/// The dimensions that a layer file states in its metadata, which fix the matching parameters of a point.
///
/// Only the metadata is read: the file is mapped, so that planning loads no tables.
public struct LayerShape: Equatable, Sendable {
  /// The network whose parameters the file holds.
  public var kernel: KernelKind
  public var dimensions: [Parameter: ParameterValue]

  public init(contentsOf path: String) throws {
    try self.init(metadata: SafeTensors(contentsOf: path).metadata, file: path)
  }

  init(metadata: [String: String], file: String) throws {
    let kinds = KernelKind.allCases
    let own = kinds.last { kind in kind.network.layerMark.map { metadata[$0.key] != nil } ?? false }
    guard let kernel = own else {
      let marks = Networks.all.reversed().compactMap { $0.layerMark }.map { "\($0.key) (\($0.title))" }
      throw InputError(
        file: file, key: "__metadata__", "expected \(marks.joined(separator: " or ")), found neither")
    }
    self.kernel = kernel
    dimensions = try kernel.network.dimensions(of: LayerMetadata(metadata, file: file))
  }

  /// The dimensions that the file fixes for a point of `kernel`: all of them for its own kernel, else the width of
  /// its activations.
  func dimensions(for kernel: KernelKind) -> [Parameter: ParameterValue] {
    kernel == self.kernel ? dimensions : dimensions.filter { $0.key == .hidden }
  }
}
