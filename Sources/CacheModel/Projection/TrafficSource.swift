import AccessStreams
import Machines
import Profiles
import Simulation
import Support

/// A source of traffic: how many lines each phase of a workload moves at every level of a machine's caches.
///
/// Sources differ in cost and in knowledge. `SimulatedTraffic` is exact and slow; `ProfiledTraffic` sums over a
/// profile that is taken once for all machines; `EstimatedTraffic` needs no access stream. The traffic's `origin`
/// names its source.
public protocol TrafficSource {
  /// The traffic on the machine's caches; nil where the source does not cover such a machine.
  ///
  /// Throws `InputError` where the machine cannot run the workload.
  func traffic(on machine: Machine) throws -> Traffic?
}

/// The traffic of a workload whose every access is simulated.
public struct SimulatedTraffic<Source: Workload>: TrafficSource {
  public let workload: Source
  /// Whether the workload runs once uncounted, so that the counts are those of a steady state.
  public let warmsUp: Bool

  public init(_ workload: Source, warmsUp: Bool = true) {
    self.workload = workload
    self.warmsUp = warmsUp
  }

  public func traffic(on machine: Machine) throws -> Traffic? {
    try Traffic(simulating: workload, on: machine, warmUp: warmsUp)
  }
}

extension ProfiledTraffic: TrafficSource {}

extension TrafficSource {
  /// The traffic on a machine that the source must cover. Throws `InputError` where it does not.
  public func requiredTraffic(on machine: Machine) throws -> Traffic {
    guard let traffic = try traffic(on: machine) else {
      throw InputError(key: machine.name, "expected a machine that the source of its traffic covers")
    }
    return traffic
  }
}
