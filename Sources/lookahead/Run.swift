import ArgumentParser
import Foundation
import Measurement
import Plans
import Profiler
import Reports
import RunStore
import Studies
import Support

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a sweep, or resume it, and write its report.",
    discussion: """
      Every point is checked against the reference before it is timed, in a process of its own. The output directory \
      holds manifest.json, plan.jsonl, results.sqlite, the tidy CSV files, report.md and plots. Running again in the same \
      directory runs only what is missing; another experiment in it is refused. Ctrl-C ends the run after the current \
      sample. Exit code 3 where points failed, 1 where the run was interrupted.
      """)

  @Argument(help: "The experiment, a YAML file.")
  var experiment: String

  @Option(help: "The run directory; runs/NAME by default.")
  var output: String?

  @Flag(help: "Print the points with the memory and time that each needs, and those that cannot run; measure nothing.")
  var dryRun = false

  @Option(help: "With --dry-run: a run directory whose measured times replace estimates.")
  var timings: String?

  @Flag(help: "Discard the run that the directory holds, if any, and start over.")
  var restart = false

  @Option(
    name: .customLong("set"), help: "Override a key of the experiment, as KEY=VALUE; may be repeated.",
    completion: .experimentKeys)
  var overrides: [String] = []

  @Option(
    name: .customLong("library"), help: "A BLAS or oneDNN library that the audit tries in addition to the known ones.")
  var libraries: [String] = []

  @Option(help: "Measure only part I of N of the points, as I/N, in a directory of its own; 'merge' joins the parts.")
  var shard: String?

  @Flag(help: "Try points again that failed before.")
  var retry = false

  @Flag(help: "Continue although the machine has changed since the run began.")
  var allowMixed = false

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
    let shard = try shard.map { try Shard(argument: $0) }
    let inputs = try RunInputs(experiment, plan: plan)
    var estimate = TimeEstimate(experiment)
    estimate.countsUnderValgrind = inputs.countsUnderValgrind
    let own = try shard?.points(of: plan) { [estimate] in estimate.seconds($0).expected }
    if dryRun {
      return try DryRun(
        experiment, plan, inputs: inputs, only: own, topology: topology, earlier: timings, libraries: libraries,
        refusals: try refusals(experiment, plan, topology, shard)
      ).show(json: json)
    }
    guard BuildConfiguration.current == .release || allowDebug else {
      throw DebugBuild()
    }
    try experiment.enforceConstraints(plan: plan, topology: topology) { printMessage($0) }
    let manifest = try manifest(experiment, plan, shard)
    let path = path(experiment)
    let directory = try RunDirectory.createOrResume(
      at: path, plan: plan, manifest: manifest, only: own, restart: restart)
    for note in directory.notes { printMessage(note) }
    Interruption.note()
    let progress = quiet ? nil : Progress(listsProjections: false)
    let how = restart ? "the same command without --restart" : "the same command"
    do {
      try SweepRunner(
        experiment: experiment, inputs: inputs, directory: directory, topology: topology, options: options
      ) { progress?.show($0) }.run()
      try ProjectionSweep(experiment, in: directory, inputs: inputs) { progress?.show($0) }.run()
    } catch is Interrupted {
      progress?.clear()
      let left = try directory.pendingPoints().count
      let all = try directory.pointIDs().count
      let what = left == 0 ? "projections" : "\(left) of \(all) points"
      printMessage("interrupted with \(what) to go; run \(how) to continue")
      throw ExitStatus.failure.code
    }
    progress?.clear()
    do { try writeReport(directory) } catch is Interrupted {
      printMessage("interrupted before the report was written; run \(how) to write it")
      throw ExitStatus.failure.code
    }
    let results = try directory.store.rows(ResultRow.self)
    if json { try printJSON(["results": results]) }
    let counts = Dictionary(grouping: results, by: \.status).mapValues(\.count)
    printMessage(
      "\(counts[.passed] ?? 0) passed, \(counts[.failed] ?? 0) failed\(counts[.failed] == nil ? "" : " (--retry tries again)"), "
        + "\(counts[.skipped] ?? 0) skipped; report in \(directory.path)/report.md")
    if counts[.failed] != nil { throw ExitStatus.somePointsFailed.code }
  }

  private func path(_ experiment: Experiment) -> String { output ?? "runs/\(experiment.name)" }

  private func manifest(_ experiment: Experiment, _ plan: Plan, _ shard: Shard?) throws -> Manifest {
    let revision = GitRevision.current()
    return Manifest(
      experiment: experiment, commandLine: CommandLine.arguments, gitRevision: revision?.commit,
      gitDirty: revision?.isDirty, host: ProcessInfo.processInfo.hostName, toolVersion: toolVersion,
      shard: shard, layers: try plan.layerContents(experiment))
  }

  /// The reasons, other than bad input, why a run of this command line would not start. A directory that the user
  /// named and that cannot be used is bad input, and thrown; the default directory may hold another run's results
  /// while a plan is only previewed.
  private func refusals(
    _ experiment: Experiment, _ plan: Plan, _ topology: Topology, _ shard: Shard?
  ) throws -> [String] {
    var refusals: [String] = []
    if BuildConfiguration.current == .debug, !allowDebug { refusals.append("\(DebugBuild())") }
    for violation in experiment.constraintViolations(plan: plan, topology: topology) {
      if violation.severity == .fail {
        refusals.append("constraints.\(violation.message)")
      } else {
        printMessage("constraint \(violation.message)")
      }
    }
    do {
      try RunDirectory.requireUsable(
        at: path(experiment), plan: plan, manifest: manifest(experiment, plan, shard), restart: restart)
    } catch let problem as InputError where output == nil { refusals.append("\(problem)") }
    return refusals
  }

  private var options: SweepRunner.Options {
    var options = SweepRunner.Options()
    options.libraries = libraries
    options.tuningDirectory = ignoresCache ? nil : TuningCache.defaultDirectory()
    options.retriesFailed = retry
    options.allowsMixedMachines = allowMixed
    return options
  }
}

/// A debug build is an order of magnitude slower than a release build, so that its times must not be quoted.
struct DebugBuild: Error, CustomStringConvertible {
  let description =
    "a debug build cannot be benchmarked; build with 'swift build -c release' (or pass --allow-debug)"
}
