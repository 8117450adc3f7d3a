import Kernels
import Plans
import Profiler

/// Times strategies on the pinned threads and placed pages that a point will run on, with its real tables and as many
/// of its tokens as make a full tile for each worker.
final class PlacedStrategyTimer: StrategyTimer {
  private let point: Point
  private let pass: Pass
  private let kernels: any KernelSource
  private let pool: PinnedPool
  private let memory: PlacedSource
  private var passes: [Int: (Int) -> Void] = [:]
  private var tokens = 1

  /// `memory` is released with this object; the chosen strategy's tables are packed again in their final place.
  init(point: Point, pass: Pass, kernels: any KernelSource, pool: PinnedPool, memory: PlacedSource) {
    self.point = point
    self.pass = pass
    self.kernels = kernels
    self.pool = pool
    self.memory = memory
  }

  func prepare(_ candidates: [any Network]) throws -> [Int: String] {
    tokens = candidates.map { $0.tokensToTime(pass) }.max() ?? point.tokens
    let values = try kernels.input(for: point, tokens: tokens)
    let input = try memory.floats(values.count, for: .input)
    _ = UnsafeMutableBufferPointer(start: input.base, count: values.count).update(fromContentsOf: values)
    let output = try memory.floats(tokens * point.output, for: .output)

    var built: [any Kernel] = []
    var refused: [Int: String] = [:]
    for (place, candidate) in candidates.enumerated() {
      do {
        var tuned = point
        tuned.network = candidate
        let kernel = try kernels.kernel(for: tuned, memory: memory, sharing: built)
        let workers = try kernel.workers(
          pass.threads, tokens: tokens, memory: memory, barrier: { [pool] in pool.barrier() })
        built.append(kernel)
        passes[place] = { workers[$0].run(input: input.base, output: output.base) }
      } catch let refusal as SystemError {
        // For instance too little memory for one more order of the tables.
        refused[place] = "\(refusal)"
      }
    }
    return refused
  }

  func nanosecondsPerToken(_ place: Int) throws -> Double {
    guard let pass = passes[place] else { return .infinity }
    return Double(pool.timed(pass)) / Double(tokens)
  }
}
