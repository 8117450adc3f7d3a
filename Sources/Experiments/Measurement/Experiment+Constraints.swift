import Plans
import Profiler

extension Experiment {
  /// What of this machine's state the experiment's constraints are not met by; of settings that each CPU has for itself, the
  /// state is that of the CPUs on which `plan` measures.
  public func constraintViolations(plan: Plan, topology: Topology) -> [Constraint.Violation] {
    guard !constraints.isEmpty else { return [] }
    let state = MachineState.capture(measuresFrequency: false, cpus: plan.measuringCPUs(topology))
    return constraints.compactMap { $0.violation { state[$0] } }
  }

  /// Tells of every violation; throws the first severe one.
  public func enforceConstraints(plan: Plan, topology: Topology, warn: (String) -> Void) throws {
    guard !constraints.isEmpty else { return }
    let state = MachineState.capture(measuresFrequency: false, cpus: plan.measuringCPUs(topology))
    try constraints.enforce({ state[$0] }, file: file, warn: warn)
  }
}
