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
    let (experiment, plan, runID, settled) = try sourcePlan()
    let names = machines.isEmpty ? experiment.machines.filter { $0 != Machine.hostName } : machines
    guard !names.isEmpty else {
      throw InputError(key: "--machine", "expected at least one machine; 'lookahead machines list' shows the catalogue")
    }
    let catalogue = try MachineCatalogue.bundled()
    let projector = Projector(
      runID: runID, machines: try names.map { try catalogue.machine($0) }, host: nil, movesCapacities: sensitivity)
    let outcomes = try projector.outcomes(plan.points, experiment: experiment, settled: settled) {
      printMessage($0)
    }
    let rows = outcomes.flatMap(\.rows)
    let sensitivities = sensitivity ? outcomes.flatMap(\.sensitivities) : nil
    let labels = Dictionary(plan.points.map { ($0.id, $0.label) }, uniquingKeysWith: { first, _ in first })
    if json { return try printJSON(ProjectionDocument(rows: rows, sensitivities: sensitivities, labels: labels)) }
    func thousands(_ rate: Double) -> String { String(format: "%.1f", rate / 1000) }
    printTable(
      ["point", "machine", "ktokens/s", "low", "high", "limiter", "cores", "whole socket", "limiter"],
      rows.map {
        [
          labels[$0.pointID] ?? $0.pointID, $0.machine, thousands($0.tokensPerSecond), thousands($0.lowTokensPerSecond),
          thousands($0.highTokensPerSecond), $0.limiter, $0.socketCores.map(String.init) ?? "-",
          $0.socketTokensPerSecond.map(thousands) ?? "-", $0.socketLimiter ?? "-",
        ]
      })
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

  /// Stores a run in which nothing is measured; it is resumed and merged like any other.
  private func store(in path: String) throws {
    guard !sensitivity else { throw InputError(key: "--sensitivity", "expected no --output with it") }
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
  private func sourcePlan() throws -> (Experiment, Plan, runID: String, settled: [String: Point]) {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory), isDirectory.boolValue {
      guard overrides.isEmpty else {
        throw InputError(key: "--set", "expected an experiment file with overrides, found a run directory")
      }
      let directory = try RunDirectory(opening: source)
      let results: [ResultRow] = try directory.store.rows()
      let rows = Dictionary(results.map { ($0.pointID, $0) }, uniquingKeysWith: { first, _ in first })
      let settled = directory.plan.points.compactMap { point in
        rows[point.id].flatMap(point.settled).map { (point.id, $0) }
      }
      return (
        try directory.experiment(), directory.plan, directory.manifest.runID,
        Dictionary(settled, uniquingKeysWith: { first, _ in first })
      )
    }
    let experiment = try Experiment(contentsOf: source, overrides: overrides)
    return (experiment, try Plan(experiment, topology: .read()), "", [:])
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

  struct Traffic: Encodable {
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
    var linesPerToken: Traffic
    var sensitivity: [Movement]?

    enum CodingKeys: String, CodingKey {
      case point, label, machine, low, high, limiter, socket, sensitivity
      case tokensPerSecond = "tokens_per_s"
      case linesPerToken = "lines_per_token"
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
        linesPerToken: Traffic(l2: row.l2LinesPerToken, l3: row.l3LinesPerToken, memory: row.memoryLinesPerToken),
        sensitivity: sensitivities?.filter { $0.pointID == row.pointID && $0.machine == row.machine }.map {
          Movement(
            figure: $0.parameter, minusTenth: $0.tokensPerSecondAtMinusTenth, plusTenth: $0.tokensPerSecondAtPlusTenth)
        })
    }
  }
}
