import ArgumentParser
import Foundation
import HostModel
import Kernels
import Machines
import Measurement
import Plans
import Profiler
import RunStore
import Support

struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Choose the look-up strategy of a shape on this host, and show the candidates.",
    discussion: """
      All candidates are estimated on the model of this host, the best of them are timed in turns on the real tables, and \
      the fastest is kept in the user's cache, where runs with 'order: auto' find it. The options are the parameters of \
      a point (docs/reference/formats.md), with the same defaults.
      """)

  @Argument(help: "A layer, a safetensors file; a synthetic one of the given dimensions by default.")
  var layer: String?

  @Option(help: "Features of a token.")
  var hidden: String?
  @Option(help: "Features of an output row.")
  var output: String?
  @Option(help: "Number of tables.")
  var tables: String?
  @Option(help: "Rows of a table, a power of two.")
  var tableRows: String?
  @Option(help: "bh4 or dense.")
  var projection: String?
  @Option(help: "Side of a block of BH4, a power of two.")
  var blockSize: String?
  @Option(help: "Type of the table entries: fp32, bf16 or int8.")
  var dtype: String?
  @Option(help: "Type of the hash projection: fp32 or bf16.")
  var projectionDtype: String?
  @Option(help: "Tokens in a pass.")
  var tokens: String?
  @Option(help: "Threads, a number or all.")
  var threads: String?
  @Option(help: "What threads divide: tokens or tables.")
  var partition: String?
  @Option(help: "uniform or recorded.")
  var codes: String?
  @Option(help: "compact, scatter or a list of CPUs.")
  var cpus: String?
  @Option(help: "local, interleave, replicated or node:N.")
  var memory: String?
  @Option(help: "4k, thp or hugetlb.")
  var pages: String?
  @Option(help: "auto, avx512, avx2, neon or scalar.")
  var isa: String?

  @Option(help: "The machine file of this host, as 'calibrate' writes it; measured anew by default, in half a minute.")
  var machine: String?

  @Flag(name: .customLong("no-cache"), help: "Neither read nor write the strategies that earlier runs chose.")
  var ignoresCache = false

  @Flag(help: "Print one JSON document: the rows of tuning.csv.")
  var json = false

  @Flag(help: "Measure although this is a debug build; the numbers mean nothing.")
  var allowDebug = false

  private var settings: [(Parameter, String?)] {
    [
      (.layer, layer), (.hidden, hidden), (.output, output), (.tables, tables), (.tableRows, tableRows),
      (.projection, projection), (.blockSize, blockSize), (.dtype, dtype),
      (.projectionDtype, projectionDtype), (.tokens, tokens), (.threads, threads),
      (.partition, partition), (.codes, codes), (.cpus, cpus), (.memory, memory), (.pages, pages), (.isa, isa),
    ]
  }

  func run() throws {
    let experiment = try Experiment(
      text: """
        schema: \(Experiment.schema)
        name: tune
        sweeps: [{name: tune, set: {kernel: lookup, order: auto}}]
        """,
      file: "tune", overrides: settings.compactMap { parameter, value in value.map { "\(parameter.name)=\($0)" } })
    let topology = Topology.read()
    let plan = try Plan(experiment, topology: topology)
    guard let point = plan.points.first else { return }
    // Read before anything is measured, so that a misspelt name does not cost half a minute.
    let known = try machine.map { try MachineCatalogue.bundled().machine($0) }
    try Tuning.requireFeasible(point, topology: topology)
    guard BuildConfiguration.current == .release || allowDebug else { throw DebugBuild() }
    let state = MachineState.capture()
    let host = try known ?? measuredHost(topology, state, threads: point.threads)
    let rows = try Tuning.rows(
      point, of: experiment, machine: host, state: state, topology: topology,
      tuningDirectory: ignoresCache ? nil : TuningCache.defaultDirectory()
    ) { printMessage($0) }
    if json { return try printJSON(["candidates": rows]) }
    show(rows)
  }

  private func measuredHost(_ topology: Topology, _ state: MachineState, threads: Int) throws -> Machine {
    let calibration = try Calibration.measure(topology: topology, allThreads: threads) { printMessage($0) }
    return try Machine.host(
      calibration, topology: topology, vendor: state["cpu_vendor"], model: state[FactName.cpuModel],
      generation: CPUGeneration.current()?.name)
  }

  private func show(_ rows: [TuningRow]) {
    func microseconds(_ nanoseconds: Double?) -> String {
      nanoseconds.map { String(format: "%.2f", $0 / 1000) } ?? "-"
    }
    printTable(
      ["strategy", "working set", "modelled us/token", "measured us/token", "rounds", "chosen"],
      rows.map {
        [
          $0.strategyLabel, formatByteCount(Int($0.workingSetBytes)), microseconds($0.estimatedNanosecondsPerToken),
          microseconds($0.measuredNanosecondsPerToken), "\($0.rounds)", $0.chosen ? "*" : "",
        ]
      })
    for row in rows where row.reason != nil { print("\(row.strategyLabel): \(row.reason ?? "")") }
    if let first = rows.first {
      print("\(first.considered) candidates considered\(first.cached ? "; measured by an earlier run" : "")")
    }
  }
}
