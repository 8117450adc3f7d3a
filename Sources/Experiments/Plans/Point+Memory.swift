import Kernels
import Support

extension Point {
  /// The bytes that the point needs at once: parameters, input and output activations, and scratch. It is an estimate
  /// from the shapes, for the plan and for refusing points that cannot fit, and excludes libraries' own buffers.
  public var memoryNeeded: CheckedSize { network.memoryNeeded(tokens: tokens) }

  /// `memoryNeeded` as a number, clamped to the largest `Int`.
  public var estimatedBytes: Int { memoryNeeded.clamped }
}
