import Foundation
import GRDB
import Synchronization

@testable import Cluster
@testable import Measurement
@testable import Plans
@testable import RunStore

/// Slurm's commands with recorded answers, without a cluster.
final class RecordedSlurm {
  private(set) var calls: [[String]] = []
  /// The output of squeue.
  var queue = ""
  /// The answers of `sbatch --parsable`, call by call; the last one is repeated.
  var jobs = ["100"]
  /// Answers that replace the default ones, by command.
  var answers: [String: Slurm.Answer] = [:]

  var slurm: Slurm {
    Slurm { [self] name, arguments in
      calls.append([name] + arguments)
      if let answer = answers[name] { return answer }
      switch name {
      case "sbatch":
        defer { if jobs.count > 1 { jobs.removeFirst() } }
        return Slurm.Answer(output: jobs[0] + "\n")
      case "squeue": return Slurm.Answer(output: queue)
      default: return Slurm.Answer(output: "Configuration data as of now\nMaxArraySize            = 1001\n")
      }
    }
  }

  func calls(of name: String) -> [[String]] { calls.filter { $0.first == name }.map { Array($0.dropFirst()) } }
}

/// A sweep on a simulated cluster: 7 points with 2 launches each, in 3 tasks.
struct TinyCluster {
  static let body = """
    seed: 3
    defaults: {kernel: lookup, threads: 1, hidden: 16, tables: 2, table_rows: 4, block_size: 8}
    sweeps: [{name: a, axes: {tokens: {range: [1, 7, 1]}}}]
    measure: {min_samples: 6, min_seconds: 0, max_seconds: 0.005, warmup_seconds: 0, launches: 2}
    """

  let path: String
  let experiment: Experiment
  let plan: Plan
  let slurm = RecordedSlurm()
  let directory: SlurmDirectory

  init(
    in path: String, body: String = TinyCluster.body, tasks: Int = 3, name: String = "job", projects: Bool = false
  ) throws {
    self.path = path
    experiment = try ExperimentsTests.experiment(body)
    plan = try Plan(experiment, cpuCount: 1)
    let estimate = TimeEstimate(experiment)
    let job = SlurmJob(
      experiment, plan, tasks: tasks, estimate: { estimate.seconds($0).expected }, options: try SlurmOptions(),
      settings: SlurmJob.Settings(copySeconds: 0, projects: projects), tool: "/opt/lookahead", workingDirectory: path)
    directory = try SlurmDirectory.create(at: "\(path)/\(name)", job: job, plan: plan)
    try directory.submit(Array(1...tasks), to: slurm.slurm)
  }

  /// Runs a task here, with canned ceilings. `stop` interrupts it before the launch of that number, and `killedAt`
  /// ends it there as the loss of its node would, with nothing done afterwards.
  @discardableResult
  func run(_ task: Int, node: String, stop: Int? = nil, killedAt: Int? = nil) throws -> [ResultRow]? {
    struct Killed: Error {}
    let task = try SlurmTask(
      directory,
      at: SlurmTask.Place(task: task, jobID: "100", node: node, scratch: "\(path)/scratch-\(node)"),
      // The clock stands still and the interval is 0, so that every launch is copied.
      now: { 0 })
    let manifest = Manifest(
      experiment: experiment, commandLine: [], created: Self.started(), host: node, toolVersion: "1", shard: task.shard)
    var isCut = false
    do {
      return try task.run(plan, manifest: manifest, report: { _ in }) { run, options, report in
        var count = 0
        let launcher = Interceptor { _ in
          count += 1
          return count - 1 == stop || count - 1 == killedAt ? .reported(LaunchReport()) : nil
        }
        do {
          try ExperimentsTests.run(experiment, in: run, launcher: launcher, options: options, report: report)
        } catch is Interrupted where killedAt != nil {
          isCut = true
          // The node is lost with its disk, so that there is nothing left to copy.
          try run.store.database.write { try $0.execute(sql: "DELETE FROM attempts") }
          throw Killed()
        }
      }
    } catch is Interrupted {
      return nil
    } catch is Killed where isCut {
      return nil
    }
  }

  /// Each start is a second later, because run ids distinguish starts by the second.
  private static func started() -> Date {
    let start = starts.add(1, ordering: .relaxed).newValue
    return Date(timeIntervalSince1970: 1_800_000_000 + Double(start))
  }

  private static let starts = Atomic<Int>(0)
}
