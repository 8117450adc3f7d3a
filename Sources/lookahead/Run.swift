import ArgumentParser
import Experiments
import Foundation
import InputFiles
import Profiler
import Reports

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a sweep, or resume it, and write its report.",
    discussion: """
      Every point is checked against the reference before it is timed. The output directory holds manifest.json, \
      plan.jsonl, results.sqlite, the tidy CSV files, report.md and plots. Running again in the same directory runs \
      only the points that are missing; another experiment in it is refused. Exit code 3 where points failed.
      """)

  @Argument(help: "The experiment, a YAML file.")
  var experiment: String

  @Option(help: "The run directory; reports/NAME by default.")
  var output: String?

  @Flag(help: "Print the points, the memory and the time that each needs and those that cannot run; measure nothing.")
  var dryRun = false

  @Option(help: "With --dry-run: a run directory whose measured times go before estimates.")
  var timings: String?

  @Flag(help: "Discard the run that the directory holds, if any, and start over.")
  var restart = false

  @Option(name: .customLong("set"), help: "Override a key of the experiment, as KEY=VALUE; may be repeated.")
  var overrides: [String] = []

  @Option(
    name: .customLong("library"), help: "A BLAS or oneDNN library that the audit tries besides those it knows.")
  var libraries: [String] = []

  @Flag(name: .customLong("no-cache"), help: "Ignore the strategies that earlier runs chose for 'order: auto'.")
  var ignoresCache = false

  @Flag(help: "Print one JSON document: the plan with --dry-run, else the results.")
  var json = false

  @Flag(help: "Print no progress.")
  var quiet = false

  @Flag(help: "Measure although this is a debug build; the numbers mean nothing.")
  var allowDebug = false

  func run() throws {
    let experiment = try Experiment(contentsOf: experiment, overrides: overrides)
    let topology = Topology.read()
    let plan = try Plan(experiment, topology: topology)
    if dryRun {
      return try DryRun(experiment, plan, topology: topology, earlier: timings).show(json: json)
    }
    guard BuildConfiguration.current == .release || allowDebug else {
      throw DebugBuild()
    }
    let inputs = try RunInputs(experiment)
    if !experiment.constraints.isEmpty {
      let state = MachineState.capture()
      try experiment.constraints.enforce({ state[$0] }, file: experiment.file) { printMessage($0) }
    }
    let revision = GitRevision.current()
    let manifest = Manifest(
      experiment: experiment, commandLine: CommandLine.arguments, gitRevision: revision?.commit,
      gitDirty: revision?.isDirty, host: ProcessInfo.processInfo.hostName, toolVersion: toolVersion)
    let path = output ?? "reports/\(experiment.name)"
    if restart { try RunDirectory.discard(at: path) }
    let directory = try RunDirectory.createOrResume(at: path, plan: plan, manifest: manifest)

    let progress = quiet ? nil : Progress()
    try SweepRunner(
      experiment: experiment, inputs: inputs, directory: directory, topology: topology, libraries: libraries,
      tuningDirectory: ignoresCache ? nil : TuningCache.defaultDirectory()
    ) { progress?.show($0) }.run()
    progress?.clear()
    try Report.write(directory)
    let results = try directory.store.rows(ResultRow.self)
    if json { try printJSON(["results": results]) }
    let counts = Dictionary(grouping: results, by: \.status).mapValues(\.count)
    printMessage(
      "\(counts[.passed] ?? 0) passed, \(counts[.failed] ?? 0) failed, \(counts[.skipped] ?? 0) skipped; "
        + "report in \(directory.path)/report.md")
    if counts[.failed] != nil { throw ExitStatus.somePointsFailed.code }
  }
}

/// A debug build is an order of magnitude slower than what it would be quoted as.
struct DebugBuild: Error, CustomStringConvertible {
  let description =
    "this is a debug build, whose times mean nothing; build with 'swift build -c release' (or pass --allow-debug)"
}
