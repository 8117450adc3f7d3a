import Foundation
import Plans
import Profiler
import RunStore
import Support

/// The progress of a sweep on a cluster: Slurm's state of each task, and the content of the task's parts.
public struct SlurmProgress {
  public struct Task: Equatable, Sendable {
    /// The task's number, from 1.
    public var task: Int
    /// The job of its last submission; nil where sbatch gave no answer.
    public var jobID: String?
    /// Slurm's name for the state; nil where Slurm has forgotten the task, some minutes after its end.
    public var state: String?
    /// Whether the task waits or runs in Slurm.
    public var isQueued: Bool
    public var node: String
    /// The reason why it waits or ended; empty where Slurm gives none.
    public var reason: String
    /// The number of its submissions.
    public var submissions: Int
    public var done: Int
    public var failed: Int
    public var skipped: Int
    public var missing: Int
    /// The expected seconds for the missing points.
    public var missingSeconds: Double
    /// The time of its last copy; nil before the first one.
    public var copied: Date?

    public var points: Int { done + failed + skipped + missing }
  }

  /// The next step for a task.
  public enum Step: Equatable, Sendable {
    /// No point is missing.
    case complete
    /// The task waits or runs in Slurm.
    case wait
    case submitAgain
    /// The task was submitted under an unknown job number; the user must say whether Slurm has it.
    case nameJob
    /// The task was submitted as often as allowed, and points are still missing.
    case giveUp
  }

  public var tasks: [Task]
  /// Differences between the machines of the parts; empty where all are equal.
  public var machineDifferences: [String]

  /// Reads the parts, unpacked under `scratch`, and asks `slurm` for the queue.
  public init(_ directory: SlurmDirectory, slurm: Slurm, scratch: String) throws {
    let submissions = try directory.submissions()
    let queue = try slurm.queue(submissions.compactMap(\.jobID))
    let job = directory.job
    let launches = try job.readExperiment().measure.launches
    let parts = try directory.parts()
    var plan = directory.plan
    var earlier = PartialProgress(launches: launches)
    var machines = MachineKinds()
    for archive in parts[0] ?? [] {
      try archive.read(scratch: scratch) {
        try earlier.add($0.store)
        try machines.add($0)
      }
    }
    var measured: [Int: PartialProgress] = [:]
    for task in 1...job.tasks {
      var sofar = earlier
      for archive in parts[task] ?? [] {
        try archive.read(scratch: scratch) {
          try sofar.add($0.store)
          try machines.add($0)
          // Nodes make their own plans; merging checks that all are equal.
          plan = $0.plan
        }
      }
      measured[task] = sofar
    }
    let shards = try job.shards(of: plan)
    machineDifferences = machines.differences
    tasks = (1...job.tasks).map { task in
      let sofar = measured[task] ?? earlier
      let statuses = shards[task - 1].map { (id: $0.id, status: sofar.status($0.id)) }
      let own = submissions.filter { $0.tasks.contains(task) }
      // A task of an earlier submission may still be in the queue.
      let entries = queue.filter { $0.task == task }
      let entry = entries.last { !$0.hasEnded } ?? entries.last { $0.jobID == own.last?.jobID }
      func count(_ status: PointStatus) -> Int { statuses.count { $0.status == status } }
      return Task(
        task: task, jobID: own.last?.jobID, state: entry?.state, isQueued: entry?.hasEnded == false,
        node: entry?.node ?? "", reason: entry.map { $0.reason == "None" ? "" : $0.reason } ?? "",
        submissions: own.count, done: count(.done), failed: count(.failed), skipped: count(.skipped),
        missing: count(.planned),
        missingSeconds: statuses.reduce(0) { $0 + ($1.status == .planned ? job.seconds[$1.id] ?? 0 : 0) },
        copied: (parts[task] ?? []).compactMap { Self.changed($0.path) }.max())
    }
  }

  private static func changed(_ path: String) -> Date? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
  }

  /// The next step for `task`, which may be submitted `attempts` times in all.
  public static func step(_ task: Task, attempts: Int) -> Step {
    if task.isQueued { return task.missing == 0 ? .complete : .wait }
    if task.missing == 0 { return .complete }
    if task.submissions > 0, task.jobID == nil { return .nameJob }
    return task.submissions < attempts ? .submitAgain : .giveUp
  }

  public func tasks(_ step: Step, attempts: Int) -> [Int] {
    tasks.filter { Self.step($0, attempts: attempts) == step }.map(\.task)
  }
}

/// The machines that measured the parts.
private struct MachineKinds {
  private var first: (host: String, state: MachineState)?
  /// One line for each fact and value that the first machine does not have, with the hosts that have it.
  private var others: [(line: String, hosts: [String])] = []

  mutating func add(_ part: RunDirectory) throws {
    let state = MachineState(try part.store.rows(), .start)
    guard !state.facts.isEmpty else { return }
    let host = part.manifest.host
    guard let first else {
      first = (host, state)
      return
    }
    for change in first.state.identityChanges(to: state) {
      let line = "\(change.name): \(change.before ?? "unknown") on \(first.host), \(change.after ?? "unknown") on"
      if let index = others.firstIndex(where: { $0.line == line }) {
        if !others[index].hosts.contains(host) { others[index].hosts.append(host) }
      } else {
        others.append((line, [host]))
      }
    }
  }

  var differences: [String] { others.map { "\($0.line) \($0.hosts.joined(separator: ", "))" } }
}
