import ArgumentParser
import Foundation
import HostModel
import Kernels
import Machines
import Measurement
import Plans
import Profiler
import RunStore
import Simulation
import Studies
import Support

struct ProjectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "project",
    abstract: "Project an experiment's points onto machines, without measuring anything.",
    discussion: """
      Each point's access stream is simulated on the machine's caches and timed by the model \
      (docs/reference/model.md). A projection is a band from the uncertainty of the machine's figures, with what \
      limits it. Points with more threads than a machine has cores are left out for that machine.
      """)

  @Argument(help: "An experiment file, or a run directory, whose plan is then projected.")
  var source: String

  @Option(
    name: .customLong("machine"), parsing: .upToNextOption,
    help: "Names of the catalogue or machine files; the experiment's own by default.")
  var machines: [String] = []

  @Option(
    name: .customLong("set"), help: "Override a key of the experiment, as KEY=VALUE; may be repeated.",
    completion: .experimentKeys)
  var overrides: [String] = []

  @Option(
    help: """
      Of a run directory: what the lines are. 'counted' takes those that the run's counters saw on the machine 'host', \
      multiplies by counted over simulated lines on machines of the same generation, and widens the band on others; \
      'both' gives a row for each.
      """)
  var traffic = TrafficChoice.simulated

  @Flag(
    help: "Also say how far each figure of a machine moves each projection, capacities of caches included (slower).")
  var sensitivity = false

  @Option(
    help: "A run directory to make or to continue, with each projection as it comes.")
  var output: String?

  @Option(help: "With --output: project only part I of N of the points, as I/N: see 'merge'.")
  var shard: String?

  @Flag(help: "With --output: discard the run that the directory holds, if any, and start over.")
  var restart = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    if let output { return try store(in: output) }
    guard shard == nil else {
      throw InputError(key: "--shard", "expected --output as well, since 'merge' joins run directories")
    }
    let (experiment, plan, runID, settled, directory) = try sourcePlan()
    let chosen = try chosenMachines(experiment, directory)
    guard !chosen.isEmpty else {
      throw InputError(key: "--machine", "expected at least one machine; 'lookahead machines list' shows the catalogue")
    }
    let evidence = try traffic == .simulated ? nil : runEvidence(of: directory, plan, experiment, settled)
    let projector = Projector(
      runID: runID, machines: chosen, host: nil, movesCapacities: sensitivity, kinds: traffic.kinds, evidence: evidence)
    let outcomes = try projector.outcomes(plan.points, experiment: experiment, settled: settled) {
      printMessage($0)
    }
    let rows = outcomes.flatMap(\.rows)
    let sensitivities = sensitivity ? outcomes.flatMap(\.sensitivities) : nil
    let labels = Dictionary(plan.points.map { ($0.id, $0.label) }, uniquingKeysWith: { first, _ in first })
    if json { return try printJSON(ProjectionDocument(rows: rows, sensitivities: sensitivities, labels: labels)) }
    func thousands(_ rate: Double) -> String { String(format: "%.1f", rate / 1000) }
    printTable(
      ["point", "machine", "traffic", "ktokens/s", "low", "high", "limiter", "cores", "whole socket", "limiter"],
      rows.map {
        [
          labels[$0.pointID] ?? $0.pointID, $0.machine, $0.traffic, thousands($0.tokensPerSecond),
          thousands($0.lowTokensPerSecond),
          thousands($0.highTokensPerSecond), $0.limiter, $0.socketCores.map(String.init) ?? "-",
          $0.socketTokensPerSecond.map(thousands) ?? "-", $0.socketLimiter ?? "-",
        ]
      })
    printSources(rows)
    guard let sensitivities else { return }
    print("")
    printTable(
      ["point", "machine", "figure", "ktokens/s at -10 %", "at +10 %"],
      sensitivities.map {
        [
          labels[$0.pointID] ?? $0.pointID, $0.machine, $0.parameter, thousands($0.tokensPerSecondAtMinusTenth),
          thousands($0.tokensPerSecondAtPlusTenth),
        ]
      })
  }

  /// What the lines of every machine's projections are, where that is more than a word.
  private func printSources(_ rows: [ProjectionRow]) {
    var seen: [String] = []
    for row in rows where row.traffic != TrafficKind.simulated.rawValue {
      guard let sources = row.trafficSources else { continue }
      let line = "\(row.machine), \(row.traffic): \(sources)"
      if !seen.contains(line) { seen.append(line) }
    }
    if !seen.isEmpty { print("\nlines of the projections:\n" + seen.map { "  \($0)" }.joined(separator: "\n")) }
  }

  /// Those of `--machine`, else the experiment's. The machine `host` is the one that a run directory describes; counts are of
  /// it, so that it is among the default ones where they are asked for.
  private func chosenMachines(_ experiment: Experiment, _ directory: RunDirectory?) throws -> [Machine] {
    var names = machines.isEmpty ? experiment.machines.filter { $0 != Machine.hostName } : machines
    if machines.isEmpty, traffic != .simulated { names.insert(Machine.hostName, at: 0) }
    let catalogue = try MachineCatalogue.bundled()
    return try names.map { name in
      guard name == Machine.hostName, let directory else { return try catalogue.machine(name) }
      return try host(of: directory)
    }
  }

  private func host(of directory: RunDirectory) throws -> Machine {
    try Machine(contentsOf: "\(directory.path)/\(RunDirectory.hostMachineName)")
  }

  /// What the run's counters say. Throws `InputError` where they say nothing of lines.
  private func runEvidence(
    of directory: RunDirectory?, _ plan: Plan, _ experiment: Experiment, _ settled: [String: Point]
  ) throws -> TrafficEvidence {
    guard let directory else {
      throw InputError(
        key: "--traffic", "expected a run directory for \(traffic.rawValue) traffic, found an experiment: \(source)")
    }
    let counts = try RunCounts(directory)
    if let absence = counts.absence {
      throw InputError(
        file: directory.path, "expected a run with counted lines for --traffic \(traffic.rawValue); \(absence)")
    }
    return try TrafficEvidence(
      counts, on: try host(of: directory), points: plan.points, experiment: experiment, settled: settled)
  }

  /// Stores a run in which nothing is measured; it is resumed and merged like any other.
  private func store(in path: String) throws {
    guard !sensitivity else { throw InputError(key: "--sensitivity", "expected no --output with it") }
    guard traffic == .simulated else {
      throw InputError(key: "--traffic", "expected no --output with \(traffic.rawValue)")
    }
    let shard = try shard.map { try Shard(argument: $0) }
    let experiment = try Experiment(
      contentsOf: source, overrides: overrides + Experiment.override(machines: machines))
    let plan = try Plan(experiment, topology: .read())
    let inputs = try RunInputs(experiment, plan: plan)
    guard !inputs.machines.isEmpty else {
      throw InputError(key: "--machine", "expected at least one machine; 'lookahead machines list' shows the catalogue")
    }
    let estimate = TimeEstimate(experiment)
    let revision = GitRevision.current()
    let manifest = Manifest(
      experiment: experiment, commandLine: CommandLine.arguments, gitRevision: revision?.commit,
      gitDirty: revision?.isDirty, host: ProcessInfo.processInfo.hostName, toolVersion: toolVersion, shard: shard,
      modelled: true, layers: try plan.layerContents(experiment))
    let run = try RunDirectory.createOrResume(
      at: path, plan: plan, manifest: manifest, only: try shard?.points(of: plan) { estimate.projectionSeconds($0) },
      restart: restart)
    for note in run.notes { printMessage(note) }
    Interruption.note()
    let progress = Progress()
    do {
      try ProjectionSweep(experiment, in: run, inputs: inputs) { progress.show($0) }.run()
    } catch is Interrupted {
      progress.clear()
      printMessage(
        "interrupted with \(try run.pendingPoints().count) points to go; run the same command to continue")
      throw ExitStatus.failure.code
    }
    progress.clear()
    let rows = try run.store.rows(ProjectionRow.self)
    if json {
      let labels = Dictionary(plan.points.map { ($0.id, $0.label) }, uniquingKeysWith: { first, _ in first })
      try printJSON(ProjectionDocument(rows: rows, sensitivities: nil, labels: labels))
    }
    printMessage("\(rows.count) projections of \(Set(rows.map(\.pointID)).count) points; \(path)/projections.csv")
  }

  /// `settled` holds points with the strategy that a run chose, by the id of the point that left it open.
  private func sourcePlan() throws
    -> (Experiment, Plan, runID: String, settled: [String: Point], directory: RunDirectory?)
  {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory), isDirectory.boolValue {
      guard overrides.isEmpty else {
        throw InputError(key: "--set", "expected an experiment file with overrides, found a run directory")
      }
      let directory = try RunDirectory(opening: source)
      return (
        try directory.experiment(), directory.plan, directory.manifest.runID, try directory.settledPoints(), directory
      )
    }
    let experiment = try Experiment(contentsOf: source, overrides: overrides)
    return (experiment, try Plan(experiment, topology: .read()), "", [:], nil)
  }
}

/// What the lines of a projection are to be.
enum TrafficChoice: String, CaseIterable, ExpressibleByArgument {
  case simulated, counted, both

  var kinds: [TrafficKind] {
    switch self {
    case .simulated: [.simulated]
    case .counted: [.counted]
    case .both: [.simulated, .counted]
    }
  }
}

private struct ProjectionDocument: Encodable {
  struct Socket: Encodable {
    var cores: Int
    var tokensPerSecond: Double
    var low: Double?
    var high: Double?
    var limiter: String?

    enum CodingKeys: String, CodingKey {
      case cores, low, high, limiter
      case tokensPerSecond = "tokens_per_s"
    }
  }

  struct Lines: Encodable {
    var l2: Double?
    var l3: Double?
    var memory: Double?
  }

  struct Movement: Encodable {
    var figure: String
    var minusTenth: Double
    var plusTenth: Double

    enum CodingKeys: String, CodingKey {
      case figure
      case minusTenth = "minus_tenth_tokens_per_s"
      case plusTenth = "plus_tenth_tokens_per_s"
    }
  }

  struct Entry: Encodable {
    var point: String
    var label: String
    var machine: String
    var tokensPerSecond: Double
    var low: Double
    var high: Double
    var limiter: String
    var socket: Socket?
    var linesPerToken: Lines
    /// simulated, counted, corrected or widened.
    var traffic: String
    /// The source of the lines over each boundary.
    var trafficSources: String?
    var sensitivity: [Movement]?

    enum CodingKeys: String, CodingKey {
      case point, label, machine, low, high, limiter, socket, traffic, sensitivity
      case tokensPerSecond = "tokens_per_s"
      case linesPerToken = "lines_per_token"
      case trafficSources = "traffic_sources"
    }
  }

  var projections: [Entry]

  init(rows: [ProjectionRow], sensitivities: [SensitivityRow]?, labels: [String: String]) {
    projections = rows.map { row in
      Entry(
        point: row.pointID, label: labels[row.pointID] ?? "", machine: row.machine,
        tokensPerSecond: row.tokensPerSecond, low: row.lowTokensPerSecond, high: row.highTokensPerSecond,
        limiter: row.limiter,
        socket: row.socketCores.flatMap { cores in
          row.socketTokensPerSecond.map {
            Socket(
              cores: cores, tokensPerSecond: $0, low: row.socketLowTokensPerSecond,
              high: row.socketHighTokensPerSecond, limiter: row.socketLimiter)
          }
        },
        linesPerToken: Lines(l2: row.l2LinesPerToken, l3: row.l3LinesPerToken, memory: row.memoryLinesPerToken),
        traffic: row.traffic, trafficSources: row.trafficSources,
        sensitivity: sensitivities?.filter { $0.pointID == row.pointID && $0.machine == row.machine }.map {
          Movement(
            figure: $0.parameter, minusTenth: $0.tokensPerSecondAtMinusTenth, plusTenth: $0.tokensPerSecondAtPlusTenth)
        })
    }
  }
}
