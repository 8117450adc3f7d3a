import ArgumentParser
import Foundation
import HostModel
import Machines
import Profiler
import Reports
import RunStore
import Support

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Measure this host with micro-benchmarks and write it as a machine file.",
    discussion: """
      Core frequency, multiply-add peaks, bandwidth and load-to-use latency over working sets from the first cache to \
      memory, rows at random, lines in flight, latency under load, and what threads' cooperation costs, with one thread \
      and with every core of one socket. Takes one to two minutes.
      """)

  @Option(help: "Where to write the machine file; standard output by default.")
  var output: String?

  @Option(help: "A directory for the machine file, every sample as CSV, report.md and plots.")
  var report: String?

  @Option(
    help: "Rounds over all micro-benchmarks; more rounds find more undisturbed moments on a shared machine.")
  var rounds = CalibrationExtent.full.rounds

  @Option(help: "Name of the machine in the file.")
  var name = Machine.hostName

  @Flag(help: "Print one JSON document: the machine and every ceiling with its interval.")
  var json = false

  func validate() throws {
    // 1000 rounds take half a day.
    guard (1...1000).contains(rounds) else { throw ValidationError("--rounds: expected 1 to 1000, found \(rounds)") }
    if let problem = NameRule.title.problem(with: name) { throw ValidationError("--name: \(problem)") }
  }

  func run() throws {
    // Checked before a minute of measuring, not after it.
    if let output { try MachineFile.requireReplaceable(output) }
    guard BuildConfiguration.current == .release else { throw DebugBuild() }
    let directory = try report.map { try CalibrationDirectory($0) }
    let topology = Topology.read()
    let start = Clock.now()
    let calibration = try Calibration.measure(
      topology: topology, allThreads: topology.allowedSocketCores, rounds: rounds
    ) { printMessage($0) }
    let seconds = Double(Clock.now() - start) * 1e-9
    let state = MachineState.capture()
    var machine = try Machine.host(
      calibration, topology: topology, vendor: state["cpu_vendor"], model: state[FactName.cpuModel],
      generation: CPUGeneration.current()?.name)
    machine.name = name
    if let output {
      // Checked again, so that a file made meanwhile stays.
      try MachineFile.requireReplaceable(output)
      try WholeFile.write(machine.yaml(), to: output)
    }
    if let directory {
      for problem in try directory.write(
        CalibrationReport(calibration, machine: machine, topology: topology, state: state, seconds: seconds))
      {
        printMessage(problem)
      }
      printMessage("\(directory.path)/report.md")
    }
    if json {
      try printJSON(CalibrationDocument(machine: machine, ceilings: calibration.ceilings))
    } else if output == nil, report == nil {
      printDocument(machine.yaml())
    }
  }
}

private struct CalibrationDocument: Encodable {
  var machine: Machine
  var ceilings: [CeilingRow]
}
