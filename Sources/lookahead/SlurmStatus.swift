import ArgumentParser
import Cluster
import Foundation
import RunStore

struct SlurmStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show the progress of a sweep on the cluster: the queue, and the points that each task has measured.",
    discussion: "A task's points are those that it has copied so far. Slurm forgets a task some minutes after its end.")

  @Argument(help: "The directory of a 'slurm submit'.")
  var directory: String

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let directory = try SlurmDirectory(opening: directory)
    let progress = try SlurmProgress(
      directory, slurm: .installed(), scratch: FileManager.default.temporaryDirectory.path)
    if json { return try printJSON(SlurmStatusDocument(progress)) }
    printTable(
      ["task", "job", "state", "node", "done", "failed", "skipped", "missing", "about", "copied", "submitted"],
      progress.tasks.map { task in
        [
          String(task.task), task.jobID ?? "-", task.stateText, task.node.isEmpty ? "-" : task.node,
          String(task.done), String(task.failed), String(task.skipped), String(task.missing),
          task.missing == 0 ? "-" : duration(task.missingSeconds),
          task.copied.map { "\(duration(max(1, -$0.timeIntervalSinceNow))) ago" } ?? "-", String(task.submissions),
        ]
      })
    for line in progress.machineDifferences { printMessage("the machines differ: \(line)") }
    let tasks = progress.tasks
    func sum(_ count: KeyPath<SlurmProgress.Task, Int>) -> Int { tasks.reduce(0) { $0 + $1[keyPath: count] } }
    let idle = tasks.count { !$0.isQueued && $0.missing > 0 }
    printMessage(
      "\(sum(\.done)) of \(sum(\.points)) points done, \(sum(\.failed)) failed, \(sum(\.skipped)) skipped, "
        + "\(sum(\.missing)) missing; \(tasks.count { $0.isRunning }) tasks running, "
        + "\(tasks.count { $0.isQueued && !$0.isRunning }) waiting"
        + (idle == 0 ? "" : ", \(idle) gone with points missing: 'slurm collect --resubmit' submits them again"))
  }
}

extension SlurmProgress.Task {
  fileprivate var isRunning: Bool { isQueued && !node.isEmpty }

  /// The state and, where the task waits or failed, the reason.
  fileprivate var stateText: String {
    guard let state else { return "gone" }
    return state.lowercased() + (reason.isEmpty ? "" : " (\(reason))")
  }
}

private struct SlurmStatusDocument: Encodable {
  struct Task: Encodable {
    var task: SlurmProgress.Task

    enum CodingKeys: String, CodingKey {
      case task, state, queued, node, reason, submissions, done, failed, skipped, missing, copied
      case jobID = "job_id"
      case missingSeconds = "missing_seconds"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(task.task, forKey: .task)
      try container.encode(task.jobID, forKey: .jobID)
      try container.encode(task.state, forKey: .state)
      try container.encode(task.isQueued, forKey: .queued)
      try container.encode(task.node.isEmpty ? nil : task.node, forKey: .node)
      try container.encode(task.reason.isEmpty ? nil : task.reason, forKey: .reason)
      try container.encode(task.submissions, forKey: .submissions)
      try container.encode(task.done, forKey: .done)
      try container.encode(task.failed, forKey: .failed)
      try container.encode(task.skipped, forKey: .skipped)
      try container.encode(task.missing, forKey: .missing)
      try container.encode(task.missingSeconds, forKey: .missingSeconds)
      try container.encode(task.copied.map { Manifest.timestamp($0) }, forKey: .copied)
    }
  }

  var tasks: [Task]
  var machineDifferences: [String]

  enum CodingKeys: String, CodingKey {
    case tasks
    case machineDifferences = "machine_differences"
  }

  init(_ progress: SlurmProgress) {
    tasks = progress.tasks.map(Task.init)
    machineDifferences = progress.machineDifferences
  }
}
