import Kernels
import Support

extension Point {
  /// Bytes that the point needs at once: parameters, input and output activations, and scratch. An estimate from the
  /// shapes, for the plan and for refusing points that cannot fit; libraries' own buffers are not in it.
  public var memoryNeeded: CheckedSize { network.memoryNeeded(tokens: tokens) }

  /// `memoryNeeded` where a number is wanted: the largest one where it is 2^63 or more.
  public var estimatedBytes: Int { memoryNeeded.clamped }
}
