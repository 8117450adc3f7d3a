import Kernels
import Profiler
import Support

/// The plan of an experiment: its points, and the order in which they run.
public struct Plan: Equatable, Sendable {
  /// The points in the order of the experiment file, each once, under the first sweep that asks for it.
  public let points: [Point]
  /// For each point the sweeps that ask for it; it is measured once and belongs to all of them.
  public let sweeps: [[String]]
  /// Indices into `points` in execution order: a seeded permutation unless the experiment asks for its own order, so that drift
  /// of the machine does not line up with an axis (google/benchmark, docs/random_interleaving.md).
  public let order: [Int]

  /// Expands `experiment` on this machine: its CPUs or L3 clusters give the value of `threads: all`, and its
  /// second-level cache determines the default strategy.
  public init(_ experiment: Experiment, topology: Topology) throws {
    try self.init(
      experiment, cpuCount: topology.allowedCPUs.count, clusterCount: topology.capacity(of: .onePerL3),
      secondLevelBytes: topology.dataCaches(of: topology.allowedCPUs.first ?? 0).first { $0.level == 2 }?.sizeBytes)
  }

  /// Expands `experiment` on a machine that may use `cpuCount` CPUs behind `clusterCount` L3 caches.
  public init(
    _ experiment: Experiment, cpuCount: Int, clusterCount: Int = 1, secondLevelBytes: Int? = nil
  ) throws {
    try PlanSize.check(experiment)
    var resolver = PointResolver(
      experiment, cpuCount: cpuCount, clusterCount: clusterCount, secondLevelBytes: secondLevelBytes)
    var points: [Point] = []
    var known: [String: Point] = [:]
    var asking: [String: [String]] = [:]
    for sweep in experiment.sweeps {
      for assignment in sweep.assignments {
        guard let point = try resolver.point(assignment, of: sweep) else { continue }
        let id = point.id
        if asking[id]?.last != sweep.name { asking[id, default: []].append(sweep.name) }
        if let earlier = known[id] {
          var relabelled = point
          relabelled.sweep = earlier.sweep
          guard relabelled == earlier else {
            throw InputError(
              file: experiment.file, "two points hash to \(id): '\(earlier.label)' and '\(point.label)'; change a seed")
          }
          continue
        }
        known[id] = point
        points.append(point)
      }
    }
    guard !points.isEmpty else {
      throw InputError(
        file: experiment.file, key: "exclude", "expected to leave some points, found all of them excluded")
    }
    sweeps = points.map { asking[$0.id] ?? [] }
    self.points = points
    var generator = RandomSource(seed: experiment.seed)
    order = experiment.order == .random ? generator.permutation(points.count) : Array(points.indices)
  }

  init(points: [Point], sweeps: [[String]], order: [Int]) {
    self.sweeps = sweeps
    self.points = points
    self.order = order
  }

  public var executionOrder: [Point] { order.map { points[$0] } }
}
