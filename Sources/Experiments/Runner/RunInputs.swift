import CacheModel
import Profiler

/// What an experiment names and a run needs: read before anything is written or measured, because a misspelt name must
/// cost neither.
public struct RunInputs {
  let counters: CounterPlan
  /// Machines of the catalogue or of files, without the host.
  public let machines: [Machine]
  /// Whether to project onto this host: where the experiment says so, or names no machine at all.
  let includesHost: Bool

  /// With `plan`, the layer files of its points are checked too.
  public init(_ experiment: Experiment, plan: Plan? = nil) throws {
    var counters = try CounterPlan(experiment.counters)
    counters.multiplex = experiment.measure.multiplex
    self.counters = counters
    let catalogue = try MachineCatalogue.bundled()
    machines = try experiment.machines.filter { $0 != Machine.hostName }.map { try catalogue.machine($0) }
    includesHost = experiment.machines.isEmpty || experiment.machines.contains(Machine.hostName)
    if let plan { try PlannedLayers.check(plan, of: experiment) }
  }
}
