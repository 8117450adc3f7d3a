import ArgumentParser
import Cluster
import Foundation
import Measurement
import Plans
import Profiler
import RunStore
import Support

struct SlurmSubmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Divide a sweep among the tasks of a job array, by estimated time, and submit it.",
    discussion: """
      Each task has a node for itself, calibrates it, measures its points on the node's own disk and copies them to \
      the directory as it goes. A task that Slurm starts again continues with its missing points. Before the time \
      limit it finishes the sample under way and ends. Options of sbatch that are not here are taken from SBATCH_ \
      variables, as sbatch does.
      """)

  @Argument(help: "The experiment, a YAML file; or the directory of a run, whose missing points are then measured.")
  var source: String

  @Option(help: "A new directory that this host and the nodes share.")
  var output: String

  @Option(help: "How many tasks; by default as few as fit into --time.")
  var tasks: Int?

  @Option(help: "Limit of each task, as Slurm writes it: MINUTES, HOURS:MINUTES:SECONDS, DAYS-HOURS.")
  var time: String?

  @Option(help: "Tasks that may run at a time.")
  var atOnce: Int?

  @Option(help: "Partition, as of sbatch.")
  var partition: String?

  @Option(help: "Account, as of sbatch.")
  var account: String?

  @Option(help: "Quality of service, as of sbatch.")
  var qos: String?

  @Option(help: "Features that nodes must have, as of sbatch: one kind of node, or 'collect' will not mix them.")
  var constraint: String?

  @Option(help: "Nodes to run on, as of sbatch.")
  var nodelist: String?

  @Option(help: "Memory of each task, such as 64GiB; all of its node by default.")
  var memory: String?

  @Option(
    name: .customLong("set"), help: "Override a key of the experiment, as KEY=VALUE; may be repeated.",
    completion: .experimentKeys)
  var overrides: [String] = []

  @Flag(help: "Project the points onto machines instead of measuring them.")
  var project = false

  @Option(
    name: .customLong("machine"), parsing: .upToNextOption,
    help: "With --project: names of the catalogue or machine files; the experiment's own by default.")
  var machines: [String] = []

  @Option(help: "A run directory whose measured times replace estimates.")
  var timings: String?

  @Option(
    name: .customLong("library"), help: "A BLAS or oneDNN library that the audit tries in addition to the known ones.")
  var libraries: [String] = []

  @Option(help: "Where tasks work, on their node's own disk; by default $SLURM_TMPDIR, $TMPDIR or /tmp.")
  var scratch: String?

  @Option(help: "Seconds between copies of a task's measurements; what came after the last copy is lost with its node.")
  var copyEvery = SlurmJob.Settings().copySeconds

  @Flag(help: "Print the tasks and the call of sbatch; make and submit nothing.")
  var dryRun = false

  @Flag(help: "Print one JSON document.")
  var json = false

  @Flag(help: "Measure although this is a debug build; the numbers mean nothing.")
  var allowDebug = false

  func run() throws {
    let options = try SlurmOptions(
      partition: partition, account: account, qualityOfService: qos, constraint: constraint, nodes: nodelist,
      memory: memory, time: time, atOnce: atOnce)
    guard copyEvery >= 0, copyEvery <= 86_400 else {
      throw InputError(key: "--copy-every", "expected 0 to 86400 seconds, found \(copyEvery)")
    }
    guard machines.isEmpty || project else {
      throw InputError(key: "--machine", "expected --project with it, found a sweep to be measured")
    }
    let sweep = try sweep()
    let inputs = try RunInputs(sweep.experiment, plan: sweep.plan)
    guard !project || !inputs.machines.isEmpty else {
      throw InputError(key: "--machine", "expected at least one machine to project onto")
    }
    let job = SlurmJob(
      sweep.experiment, sweep.plan, tasks: try taskCount(sweep, options), estimate: sweep.seconds, options: options,
      settings: SlurmJob.Settings(
        libraries: libraries, scratch: scratch, copySeconds: copyEvery, allowsDebug: allowDebug,
        projects: project),
      commandLine: CommandLine.arguments, tool: ChildProcess.own.path,
      workingDirectory: FileManager.default.currentDirectoryPath)
    if dryRun { return try show(SlurmSubmission(job, plan: sweep.plan, directory: output)) }
    guard BuildConfiguration.current == .release || allowDebug || project else { throw DebugBuild() }
    let slurm = try Slurm.installed()
    let directory = try SlurmDirectory.create(at: output, job: job, plan: sweep.plan)
    let id: String
    do {
      if let begun = sweep.begun { try directory.take(begun) }
      id = try directory.submit(Array(1...job.tasks), to: slurm)
    } catch let error as SlurmJobUnnamed {
      // There may be a job, which needs its directory.
      throw error
    } catch {
      try directory.remove()
      throw error
    }
    try show(SlurmSubmission(job, plan: sweep.plan, directory: directory.path, id: id))
  }

  private struct Sweep {
    var experiment: Experiment
    var plan: Plan
    /// The expected seconds of a point.
    var seconds: (Point) -> Double
    /// The run that the tasks continue; nil for a new one.
    var begun: RunDirectory?
  }

  private func sweep() throws -> Sweep {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory), isDirectory.boolValue else {
      let experiment = try Experiment(
        contentsOf: source, overrides: overrides + Experiment.override(machines: machines))
      let earlier = try timings.map { try RunDirectory(opening: $0).timings() } ?? []
      let estimate = TimeEstimate(experiment, earlier: earlier)
      return Sweep(
        experiment: experiment, plan: try Plan(experiment, topology: .read()),
        seconds: { project ? estimate.projectionSeconds($0) : estimate.seconds($0).expected })
    }
    guard !project else {
      throw InputError(key: "--project", "expected an experiment file with it, found a run directory")
    }
    guard overrides.isEmpty, timings == nil else {
      throw InputError(
        key: overrides.isEmpty ? "--timings" : "--set", "expected an experiment file with it, found a run directory")
    }
    let run = try RunDirectory(opening: source)
    let seconds = try run.secondsLeft()
    guard run.plan.points.contains(where: { seconds($0) > 0 }) else {
      throw InputError(file: source, "expected a run with points to go, found none missing")
    }
    return Sweep(experiment: try run.experiment(), plan: run.plan, seconds: seconds, begun: run)
  }

  private func taskCount(_ sweep: Sweep, _ options: SlurmOptions) throws -> Int {
    let preparation = project ? 0 : TimeEstimate.preparationSeconds(sweep.experiment.measure)
    // A fifth is left for points that take longer than expected.
    let room = options.timeLimit.map {
      0.8 * ($0.seconds - Double(SlurmJob.secondsToEnd)) - preparation
    }
    let points = sweep.plan.points.count { sweep.seconds($0) > 0 }
    if let tasks {
      guard tasks >= 1 else { throw InputError(key: "--tasks", "expected at least 1, found \(tasks)") }
      if tasks > points { printMessage("\(points) points are to be measured, hence no more than \(points) tasks") }
      return min(tasks, points)
    }
    guard let room else {
      throw InputError(key: "--tasks", "expected a number of tasks, or --time to find it by")
    }
    guard let count = SlurmJob.tasks(for: sweep.plan, within: room, estimate: sweep.seconds) else {
      let longest = sweep.plan.points.map(sweep.seconds).max() ?? 0
      let seconds = (longest + preparation) / 0.8 + Double(SlurmJob.secondsToEnd)
      throw InputError(
        key: "--time",
        "expected at least \(String(format: "%.0f", (seconds / 60).rounded(.up))) minutes, which the longest point is expected to need with "
          + "calibration and a margin, found \(options.timeLimit?.text ?? "")")
    }
    return min(count, max(1, points))
  }

  private func show(_ submission: SlurmSubmission) throws {
    if json { return try printJSON(submission) }
    printTable(
      ["task", "points", "about"],
      submission.tasks.map { [String($0.task), String($0.points), duration($0.seconds)] })
    guard let id = submission.id else {
      print("")
      print((["sbatch"] + submission.arguments).map(shellQuoted).joined(separator: " "))
      return
    }
    printMessage(
      "job \(id): \(submission.tasks.count) tasks; 'lookahead slurm status \(shellQuoted(submission.directory))' shows "
        + "how far they are")
  }
}

/// A submission, made or previewed.
private struct SlurmSubmission: Encodable {
  struct Task: Encodable {
    var task: Int
    var points: Int
    var seconds: Double
  }

  var id: String?
  var directory: String
  var tasks: [Task]
  var arguments: [String]

  enum CodingKeys: String, CodingKey {
    case directory, tasks, arguments
    case id = "job_id"
  }

  init(_ job: SlurmJob, plan: Plan, directory: String, id: String? = nil) throws {
    self.id = id
    self.directory = URL(fileURLWithPath: directory).standardizedFileURL.path
    let preparation = try job.preparationSeconds()
    tasks = try job.shards(of: plan).enumerated().map { index, points in
      let seconds = points.map { job.seconds[$0.id] ?? 0 }
      return Task(
        task: index + 1, points: seconds.count { $0 > 0 },
        seconds: seconds.reduce(preparation, +))
    }
    arguments = job.arguments(tasks: Array(1...job.tasks), in: self.directory)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(directory, forKey: .directory)
    try container.encode(tasks, forKey: .tasks)
    try container.encode(arguments, forKey: .arguments)
  }
}
