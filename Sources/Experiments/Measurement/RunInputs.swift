import HostModel
import Machines
import Plans
import Profiler
import Support

/// The files that an experiment names and a run needs. They are read before anything is written or measured, so that
/// a misspelt name costs nothing.
public struct RunInputs {
  let counters: CounterPlan
  /// Machines of the catalogue or of files, without the host.
  public let machines: [Machine]
  /// Whether to project onto this host: where the experiment names it, or names no machine at all.
  package let includesHost: Bool

  /// Whether points are counted under valgrind, which takes longer than to time them.
  public var countsUnderValgrind: Bool { counters.valgrind != nil }

  /// With `plan`, the layer files of its points are checked too.
  public init(_ experiment: Experiment, plan: Plan? = nil) throws {
    // Each launch is a process of its own and reads the files again, which a pipe would not allow.
    for path in experiment.machines where MachineCatalogue.isPath(path) {
      try requireNoStream(path, readers: "each launch of a run")
    }
    for path in experiment.counters where path.hasSuffix(".yaml") {
      try requireNoStream(path, readers: "each launch of a run")
    }
    var counters = try CounterPlan(experiment.counters)
    counters.multiplex = experiment.measure.multiplex
    self.counters = counters
    let catalogue = try MachineCatalogue.bundled()
    machines = try experiment.machines.filter { $0 != Machine.hostName }.map { try catalogue.machine($0) }
    includesHost = experiment.machines.isEmpty || experiment.machines.contains(Machine.hostName)
    if let plan { try PlannedLayers.check(plan, of: experiment) }
  }
}
