import Plans
import Profiler

extension Experiment {
  /// The constraints of the experiment that this machine's state violates. For settings that each CPU has for itself,
  /// only the CPUs on which `plan` measures count.
  public func constraintViolations(plan: Plan, topology: Topology) -> [Constraint.Violation] {
    guard !constraints.isEmpty else { return [] }
    let state = MachineState.capture(measuresFrequency: false, cpus: plan.measuringCPUs(topology))
    return constraints.compactMap { $0.violation { state[$0] } }
  }

  /// Warns of every violation; throws the first severe one.
  public func enforceConstraints(plan: Plan, topology: Topology, warn: (String) -> Void) throws {
    guard !constraints.isEmpty else { return }
    let state = MachineState.capture(measuresFrequency: false, cpus: plan.measuringCPUs(topology))
    try constraints.enforce({ state[$0] }, file: file, warn: warn)
  }
}
