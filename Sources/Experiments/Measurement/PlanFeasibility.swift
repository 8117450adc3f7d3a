import Plans
import Profiler

/// Why points of a plan would be skipped on this machine, asked of the whole plan before a run: what a run asks of each
/// point before its launches, and what only its launches find out.
public struct PlanFeasibility {
  private let experiment: Experiment
  private let topology: Topology
  private let available: AvailableMemory?
  private let libraries: LibrarySupport

  public init(
    _ experiment: Experiment, topology: Topology, available: AvailableMemory? = .read(), libraries: LibrarySupport
  ) {
    self.experiment = experiment
    self.topology = topology
    self.available = available
    self.libraries = libraries
  }

  /// Nil for a point that can run, as far as can be told.
  public func reason(_ point: Point) -> String? {
    point.infeasibility(topology: topology, available: available)
      ?? PlannedLayers.tokenShortage(point, of: experiment) ?? libraries.shortage(point)
  }
}

extension Plan {
  /// The CPUs that points of the plan run on here, ascending; those that may be used where no point can run.
  public func measuringCPUs(_ topology: Topology) -> [Int] {
    var cpus: Set<Int> = []
    var seen: Set<Team> = []
    for point in points where seen.insert(Team(placement: point.cpus, threads: point.threads)).inserted {
      cpus.formUnion((try? topology.cpus(for: point.cpus, threads: point.threads)) ?? [])
    }
    return cpus.isEmpty ? topology.allowedCPUs : cpus.sorted()
  }

  private struct Team: Hashable {
    var placement: CPUPlacement
    var threads: Int
  }
}
