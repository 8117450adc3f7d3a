import Kernels
import Plans
import Profiler

/// Times strategies on the pinned threads and placed pages that a point will run on, with its real tables and as many of its
/// tokens as make a full tile for each worker.
final class PlacedStrategyTimer: StrategyTimer {
  private let point: Point
  private let task: LookupTask
  private let kernels: any KernelSource
  private let pool: PinnedPool
  private let memory: PlacedSource
  private var passes: [LookupStrategy: (Int) -> Void] = [:]
  private var tokens = 1

  /// `memory` is given back with this object: the chosen strategy's tables are packed again where they will stay.
  init(point: Point, task: LookupTask, kernels: any KernelSource, pool: PinnedPool, memory: PlacedSource) {
    self.point = point
    self.task = task
    self.kernels = kernels
    self.pool = pool
    self.memory = memory
  }

  func prepare(_ strategies: [LookupStrategy]) throws -> [LookupStrategy: String] {
    var tuned = point
    let tile = strategies.map(\.tokenTile).max() ?? point.tokens
    tokens = min(point.tokens, task.team.partition == .tokens ? tile * task.team.workers : tile)
    let values = try kernels.input(for: point, tokens: tokens)
    let input = try memory.floats(values.count, for: .input)
    _ = UnsafeMutableBufferPointer(start: input.base, count: values.count).update(fromContentsOf: values)
    let output = try memory.floats(tokens * point.output, for: .output)

    var layers: [LookupFFN] = []
    var refused: [LookupStrategy: String] = [:]
    for strategy in strategies {
      do {
        let layer: LookupFFN
        if let first = layers.first {
          layer = try LookupFFN(first, strategy: strategy, others: layers, memory: memory)
        } else {
          tuned.strategy = strategy
          guard let built = try kernels.kernel(for: tuned, memory: memory) as? LookupFFN else { continue }
          layer = built
        }
        let workers = try layer.workers(
          task.team.workers, tokens: tokens, memory: memory, barrier: { [pool] in pool.barrier() })
        layers.append(layer)
        passes[strategy] = { workers[$0].run(input: input.base, output: output.base) }
      } catch let refusal as SystemError {
        // Such as too little memory for one more order of the tables.
        refused[strategy] = "\(refusal)"
      }
    }
    return refused
  }

  func nanosecondsPerToken(_ strategy: LookupStrategy) throws -> Double {
    guard let pass = passes[strategy] else { return .infinity }
    return Double(pool.timed(pass)) / Double(tokens)
  }
}
