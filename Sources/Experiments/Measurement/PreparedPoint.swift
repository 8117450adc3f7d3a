import Kernels
import Plans
import Profiler

/// A point that is ready to run: its kernel, and its operands in the memory and on the threads of its placement.
struct PreparedPoint {
  let kernel: any Kernel
  let pool: PinnedPool
  let memory: PlacedSource
  /// [tokens, hidden] and [tokens, output].
  let input: FloatBuffer
  let output: FloatBuffer
  let workers: [any KernelWorker]
  /// The tokens of each worker.
  let shares: [Range<Int>]

  /// `resolved` is the point with its strategy; its workers wait for one another at `barrier`, by default the pool's
  /// own. Throws `PointSkipped` where this machine cannot run the point.
  init(
    _ point: Point, resolved: Point, pool: PinnedPool, kernels: any KernelSource, topology: Topology,
    barrier: (() -> Void)? = nil
  ) throws {
    self.pool = pool
    memory = PlacedSource(pool: pool, policy: point.memory, pages: point.pages, topology: topology)
    kernel = try kernels.kernel(for: resolved, memory: memory)
    let tokens = try kernels.input(for: point)
    input = try memory.floats(tokens.count, for: .input)
    input.base.update(from: tokens, count: tokens.count)
    output = try memory.floats(point.tokens * kernel.outputWidth, for: .output)
    shares = partition(tokens: point.tokens, workers: point.threads)
    workers = try kernel.workers(
      point.threads, tokens: point.tokens, memory: memory, barrier: barrier ?? { [pool] in pool.barrier() })
  }

  /// One thread's part of a pass.
  func work(_ thread: Int) { workers[thread].run(input: input.base, output: output.base) }

  /// Compares the output of a pass with the reference for each of `tokens`.
  func check(tokens: [Int]) throws -> CheckResult {
    try kernel.check(input: input.base, output: output.base, tokens: tokens)
  }
}
