/// A worker that can report how the time of a pass divides among the stages of its kernel.
public protocol StagedWorker: KernelWorker {
  /// Names of the stages that the worker distinguishes.
  var stages: [String] { get }

  /// Runs the worker's tokens like `run`, reads `clock` (nanoseconds) between stages, and adds the time of each stage
  /// to `nanoseconds`, which has one entry for each of `stages`, in their order.
  func run(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, clock: () -> UInt64,
    nanoseconds: UnsafeMutablePointer<UInt64>)
}
