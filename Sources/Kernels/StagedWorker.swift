/// A worker that can say how the time of a pass divides among the stages of its kernel.
public protocol StagedWorker: KernelWorker {
  /// Names of the stages that the worker tells apart.
  var stages: [String] { get }

  /// Runs the worker's tokens like `run`, reads `clock` (nanoseconds) wherever one stage gives way to another, and adds what
  /// each took to `nanoseconds`, which has a place for each of `stages`, in their order.
  func run(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, clock: () -> UInt64,
    nanoseconds: UnsafeMutablePointer<UInt64>)
}
