import Plans
import Profiler

/// The reasons why points of a plan would be skipped on this machine, for the whole plan before a run: the checks
/// that a run makes before each launch, and those that only the launches make.
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

  /// The reason why the point would be skipped; nil where none is known.
  public func reason(_ point: Point) -> String? {
    point.infeasibility(topology: topology, available: available)
      ?? PlannedLayers.tokenShortage(point, of: experiment) ?? libraries.shortage(point)
  }
}

extension Plan {
  /// The CPUs on which points of the plan run here, ascending; where no point can run, all CPUs that may be used.
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
