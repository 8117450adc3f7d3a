/// A worker that can say how the time of a pass divides among the stages of its kernel.
public protocol StagedWorker: KernelWorker {
  /// Runs the worker's tokens like `run`, reads `clock` (nanoseconds) wherever one stage gives way to another, and adds what
  /// each took to `nanoseconds`, which has a place for every stage in the order of the kernel's accounts.
  func run(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, clock: () -> UInt64,
    nanoseconds: UnsafeMutablePointer<UInt64>)
}
