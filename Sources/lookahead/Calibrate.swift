import ArgumentParser
import CacheModel
import Experiments
import Foundation
import InputFiles
import Profiler

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Measure this host with micro-benchmarks and write it as a machine file.",
    discussion: """
      Core frequency, multiply-add peak, sequential bandwidth and load-to-use latency over working sets from the first \
      cache to memory, with one thread and with all. Takes about half a minute.
      """)

  @Option(help: "Where to write the machine file; standard output by default.")
  var output: String?

  @Option(help: "Name of the machine in the file.")
  var name = Machine.hostName

  @Flag(help: "Print one JSON document: the machine and every ceiling with its interval.")
  var json = false

  func run() throws {
    guard BuildConfiguration.current == .release else { throw DebugBuild() }
    let topology = Topology.read()
    let calibration = try Calibration.measure(topology: topology, allThreads: topology.allowedCPUs.count) {
      printMessage($0)
    }
    let state = MachineState.capture()
    var machine = try Machine.host(
      calibration, topology: topology, vendor: state["cpu_vendor"], model: state[FactName.cpuModel])
    machine.name = name
    if let output {
      do {
        try Data(machine.yaml().utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
      } catch {
        throw InputError(file: output, "expected a path that can be written: \(error.localizedDescription)")
      }
    }
    if json {
      try printJSON(CalibrationDocument(machine: machine, ceilings: calibration.ceilings))
    } else if output == nil {
      print(machine.yaml(), terminator: "")
    }
  }
}

private struct CalibrationDocument: Encodable {
  var machine: Machine
  var ceilings: [CeilingRow]
}
