import InputFiles
import Kernels

/// What an experiment will measure: its points, and the order in which they run.
public struct Plan: Equatable, Sendable {
  /// In the order of the experiment file, each point once, under the sweep that asked for it first.
  public let points: [Point]
  /// Indices into `points` in execution order: a seeded permutation, so that drift of the machine (heat, neighbours) does
  /// not line up with an axis (google/benchmark, docs/random_interleaving.md).
  public let order: [Int]

  /// Expands `experiment` on a machine that may use `cpuCount` CPUs, which is what `threads: all` stands for.
  public init(_ experiment: Experiment, cpuCount: Int) throws {
    var resolver = PointResolver(experiment, cpuCount: cpuCount)
    var points: [Point] = []
    var known: [String: Point] = [:]
    for sweep in experiment.sweeps {
      for assignment in sweep.assignments {
        let point = try resolver.point(assignment, of: sweep)
        let id = point.id
        if let twin = known[id] {
          var relabelled = point
          relabelled.sweep = twin.sweep
          guard relabelled == twin else {
            throw InputError(
              file: experiment.file, "two points hash to \(id): '\(twin.label)' and '\(point.label)'; change a seed")
          }
          continue
        }
        known[id] = point
        points.append(point)
      }
    }
    self.points = points
    var generator = RandomSource(seed: experiment.seed)
    order = generator.permutation(points.count)
  }

  init(points: [Point], order: [Int]) {
    self.points = points
    self.order = order
  }

  public var executionOrder: [Point] { order.map { points[$0] } }
}
