import Foundation
import Measurement
import Plans
import RunStore
import Support

/// The settings of `slurm submit` for all tasks of a sweep: job.json.
public struct SlurmJob: Codable, Equatable, Sendable {
  public static let schema = "lookahead/slurm/1"

  public var schema = SlurmJob.schema
  /// The experiment as it was read: its name, file, full text and overrides. Later changes of the file have no
  /// effect.
  public var experiment: String
  public var experimentFile: String
  public var experimentText: String
  public var overrides: [String]
  /// The directory of the submission, to which paths of layers, machines and counters are relative.
  public var workingDirectory: String
  /// The submission's command line.
  public var commandLine: [String]
  /// The tool that tasks run.
  public var tool: String
  /// The time of the submission, such as `2026-01-31T12:00:00Z`.
  public var created: String
  public var tasks: Int
  /// The expected seconds of points, by id, by which they are divided among tasks; 0 for those that were done before.
  public var seconds: [String: Double]
  public var settings: Settings
  public var options: SlurmOptions

  /// Settings that every task runs with.
  public struct Settings: Codable, Equatable, Sendable {
    /// Library files that the audit tries in addition to the known ones.
    public var libraries: [String]
    /// The directory for the tasks' work, on their node's own disk; nil for the default.
    public var scratch: String?
    /// The least number of seconds between copies of a task's measurements.
    public var copySeconds: Double
    public var allowsDebug: Bool
    /// Whether tasks project their points instead of measuring them.
    public var projects: Bool

    enum CodingKeys: String, CodingKey {
      case libraries, scratch, projects
      case copySeconds = "copy_seconds"
      case allowsDebug = "allow_debug"
    }

    public init(
      libraries: [String] = [], scratch: String? = nil, copySeconds: Double = 30, allowsDebug: Bool = false,
      projects: Bool = false
    ) {
      self.libraries = libraries
      self.scratch = scratch
      self.copySeconds = copySeconds
      self.allowsDebug = allowsDebug
      self.projects = projects
    }
  }

  enum CodingKeys: String, CodingKey {
    case schema, experiment, overrides, tool, created, tasks, seconds, settings, options
    case experimentFile = "experiment_file"
    case experimentText = "experiment_text"
    case workingDirectory = "working_directory"
    case commandLine = "command_line"
  }

  /// `estimate` gives the seconds of a point.
  public init(
    _ experiment: Experiment, _ plan: Plan, tasks: Int, estimate: (Point) -> Double, options: SlurmOptions,
    settings: Settings, commandLine: [String] = [], tool: String, workingDirectory: String, created: Date = Date()
  ) {
    self.experiment = experiment.name
    experimentFile = experiment.file
    experimentText = experiment.text
    overrides = experiment.overrides
    self.workingDirectory = workingDirectory
    self.commandLine = commandLine
    self.tool = tool
    self.created = Manifest.timestamp(created)
    self.tasks = tasks
    // Milliseconds are more precise than the estimate and keep the file readable. Only a point that is done takes 0.
    seconds = Dictionary(
      plan.points.map { ($0.id, (estimate($0) * 1000).rounded(.up) / 1000) }, uniquingKeysWith: { first, _ in first })
    self.settings = settings
    self.options = options
  }

  /// The expected seconds of a task before its first point.
  public func preparationSeconds() throws -> Double {
    settings.projects ? 0 : TimeEstimate.preparationSeconds(try readExperiment().measure)
  }

  public func readExperiment() throws -> Experiment {
    try Experiment(text: experimentText, file: experimentFile, overrides: overrides)
  }

  /// The points of each task; equal on all hosts for the same `plan`.
  public func shards(of plan: Plan) throws -> [[Point]] {
    // A node of another kind may plan points that are not in the submitting host's plan.
    let estimate = TimeEstimate(try readExperiment())
    let most = max(plan.points.count, seconds.count)
    guard (1...max(1, most)).contains(tasks) else {
      throw InputError(key: "tasks", "expected 1 to \(most) tasks, one for each point, found \(tasks)")
    }
    return Shard.parts(tasks, of: plan) {
      seconds[$0.id] ?? (settings.projects ? estimate.projectionSeconds($0) : estimate.seconds($0).expected)
    }
  }

  /// The least number of tasks of which none is expected to take more than `seconds`; nil where one point alone takes
  /// more.
  public static func tasks(for plan: Plan, within seconds: Double, estimate: (Point) -> Double) -> Int? {
    let times = Dictionary(plan.points.map { ($0.id, estimate($0)) }, uniquingKeysWith: { first, _ in first })
    func longest(_ count: Int) -> Double {
      Shard.parts(count, of: plan) { times[$0.id] ?? 0 }
        .map { $0.reduce(0) { $0 + (times[$1.id] ?? 0) } }.max() ?? 0
    }
    guard seconds > 0, (times.values.max() ?? 0) <= seconds else { return nil }
    var count = max(1, Int((times.values.reduce(0, +) / seconds).rounded(.up)))
    while count < plan.points.count, longest(count) > seconds { count += 1 }
    return count
  }

  // MARK: - Submitting

  /// The time before the limit at which Slurm signals each task's batch script, which is the tool, to end. Two
  /// minutes, because Slurm may be a minute late; the rest is for the current sample and the last copy.
  public static let secondsToEnd = 120

  /// The arguments of sbatch for `tasks` (numbered from 1), in the job's directory at `path`.
  public func arguments(tasks: [Int], in path: String, tool: String? = nil) -> [String] {
    let limit = options.atOnce.map { "%\($0)" } ?? ""
    return [
      "--parsable", "--array=\(Self.ranges(tasks))\(limit)", "--job-name=\(slurmName)", "--nodes=1", "--ntasks=1",
      "--exclusive", "--requeue", "--signal=B:TERM@\(Self.secondsToEnd)", "--open-mode=append", "--chdir=\(path)",
      "--output=\(SlurmDirectory.logsName)/%A_%a.log",
    ] + options.arguments + ["\(path)/\(SlurmDirectory.scriptName)", tool ?? self.tool]
  }

  /// The job's name in Slurm, in characters that squeue prints unchanged.
  var slurmName: String {
    "lookahead-" + String(experiment.unicodeScalars.map { Self.plain.contains($0) ? Character($0) : "_" }.prefix(40))
  }

  private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".unicodeScalars)

  /// `1-3,7` for 1, 2, 3 and 7.
  public static func ranges(_ tasks: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for task in tasks.sorted() {
      if let last = ranges.last, last.upperBound >= task - 1 {
        ranges[ranges.count - 1] = last.lowerBound...max(task, last.upperBound)
      } else {
        ranges.append(task...task)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }

  /// The batch script, the same for every sweep. It contains no text from the user: its directory holds the job, and
  /// its only argument is the tool.
  public static let script = """
    #!/bin/sh
    # A task of a sweep, started by Slurm in the directory of its job. The tool takes this shell's place, so that it gets the
    # signals; which task it is, the environment says, and job.json the rest.
    exec "$1" slurm task

    """
}
