import Foundation
import HostModel
import Kernels
import Machines
import Plans
import Profiler
import RunStore

extension PointRunner {
  /// The work of a launch's process; whatever `request` does not hold is read anew.
  static func report(on request: LaunchRequest) throws -> LaunchReport {
    var report = LaunchReport()
    let experiment = try Experiment(
      text: request.experimentText, file: request.experimentFile, overrides: request.overrides)
    let inputs = try RunInputs(experiment)
    var counters = inputs.counters
    counters.checks = request.counterChecks
    let topology = Topology.read()
    let host = try Machine(text: request.hostMachine, file: RunDirectory.hostMachineName)
    var messages: [String] = []
    let tuner = Autotuner(
      machine: host, fingerprint: MachineFingerprint(text: request.fingerprint),
      cache: request.tuningDirectory.map { TuningCache(directory: $0) { messages.append($0) } })
    let runner = PointRunner(
      context: RunContext(
        experiment: experiment, runID: request.runID, host: request.host, cpuModel: request.cpuModel,
        topology: topology, kernels: KernelFactory(experiment: experiment, libraries: request.libraries),
        counters: counters, fmaPeak: { _ in request.fmaPeak },
        tuner: tuner, chosen: request.settled?.network, launch: request.launch,
        countingDirectory: request.countingDirectory,
        clock: RunClock(start: request.clockStart, samples: request.firstOrderIndex),
        isInterrupted: { Interruption.isRequested }))
    let start = Clock.now()
    do { report.outcome = try runner.run(request.point) } catch is Interrupted {}
    report.seconds = Double(Clock.now() - start) * 1e-9
    report.messages = messages
    return report
  }
}
