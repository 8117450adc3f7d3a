import ArgumentParser
import Cluster
import Foundation
import Measurement
import Plans
import Reports
import RunStore
import Support

struct SlurmCollectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect",
    abstract: "Join the measurements of all tasks into one run, and on request submit missing points again.",
    discussion: """
      Each launch of a point is stored once, even if it was started twice. Nodes that differ in CPU, kernel or \
      settings are refused with the difference. With --resubmit, tasks that Slurm no longer has and whose points are \
      missing are submitted again and measure what they lack, until they have been submitted --attempts times. It may \
      be run repeatedly, at any time. Exit code 1 where points are missing, 3 where points failed.
      """)

  @Argument(help: "The directory of a 'slurm submit'.")
  var directory: String

  @Option(
    help: "The run directory to make, on a local disk; an earlier one is replaced. By default 'run' in the directory.")
  var output: String?

  @Flag(help: "Submit tasks again whose points are missing.")
  var resubmit = false

  @Option(help: "How often a task may be submitted in all.")
  var attempts = SlurmCollection.defaultAttempts

  @Flag(help: "Join measurements of different machines; every row names its machine.")
  var allowMixed = false

  @Flag(
    help:
      "Print one JSON document: counts, the ids of missing points, and the tasks that wait, were submitted or given up."
  )
  var json = false

  func run() throws {
    guard attempts >= 1 else { throw InputError(key: "--attempts", "expected at least 1, found \(attempts)") }
    let directory = try SlurmDirectory(opening: directory)
    let path = output ?? directory.runPath
    let collection = try SlurmCollection(
      directory, slurm: .installed(), into: path, resubmits: resubmit, attempts: attempts,
      allowsMixedMachines: allowMixed, scratch: FileManager.default.temporaryDirectory.path, tool: ChildProcess.own.path
    )
    let isModelled = directory.job.settings.projects
    if let merge = collection.merge, !isModelled {
      try projectMissing(merge)
      try writeReport(merge.directory)
    }
    let document = try SlurmCollectionDocument(collection, plan: directory.plan, attempts: attempts)
    if json { try printJSON(document) }
    if let merge = collection.merge, isModelled {
      try printProjected(merge)
    } else {
      printMessage(
        "\(document.passed) passed, \(document.failed) failed, \(document.skipped) skipped, "
          + "\(document.missing.count) missing; "
          + (document.run.map { "report in \($0)/report.md" } ?? "no task has measured anything yet"))
    }
    func say(_ tasks: [Int], _ what: String) {
      if !tasks.isEmpty { printMessage("\(tasks.count == 1 ? "task" : "tasks") \(SlurmJob.ranges(tasks)): \(what)") }
    }
    say(document.waiting, "points are missing, and Slurm still has the job")
    say(document.resubmitted, "submitted again as job \(document.job ?? "")")
    say(document.gone, "gone with points missing; --resubmit submits again")
    say(
      document.givenUp,
      "submitted \(attempts) times, and points are missing; see \(directory.path)/logs; --attempts allows more")
    for submission in collection.unnamed where submission.tasks.contains(where: document.unnamed.contains) {
      say(
        submission.tasks,
        "submitted, but the number of the job is not known; if 'squeue --me' shows it: \(submission.advice)")
    }
    if !document.missing.isEmpty { throw ExitStatus.failure.code }
    if document.failed > 0 { throw ExitStatus.somePointsFailed.code }
  }
}

private struct SlurmCollectionDocument: Encodable {
  /// The run directory; null while no task has measured anything.
  var run: String?
  var passed: Int
  var failed: Int
  var skipped: Int
  var missing: [String]
  /// Tasks with missing points: those that Slurm has, those submitted again as `job`, those that could be submitted
  /// again, and those that have been submitted as often as allowed.
  var waiting: [Int]
  var resubmitted: [Int]
  var job: String?
  var gone: [Int]
  var givenUp: [Int]
  /// Tasks whose job number is unknown.
  var unnamed: [Int]

  enum CodingKeys: String, CodingKey {
    case run, passed, failed, skipped, missing, waiting, resubmitted, gone, unnamed
    case job = "job_id"
    case givenUp = "given_up"
  }

  init(_ collection: SlurmCollection, plan: Plan, attempts: Int) throws {
    run = collection.merge?.directory.path
    let results = try collection.merge?.directory.store.rows(ResultRow.self) ?? []
    func count(_ status: ResultStatus) -> Int { results.count { $0.status == status } }
    (passed, failed, skipped) = (count(.passed), count(.failed), count(.skipped))
    missing = (collection.merge?.missing ?? plan.executionOrder).map(\.id)
    waiting = collection.progress.tasks(.wait, attempts: attempts)
    resubmitted = collection.resubmitted?.tasks ?? []
    job = collection.resubmitted?.jobID
    gone = resubmitted.isEmpty ? collection.progress.tasks(.submitAgain, attempts: attempts) : []
    givenUp = collection.progress.tasks(.giveUp, attempts: attempts)
    unnamed = collection.progress.tasks(.nameJob, attempts: attempts)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(run, forKey: .run)
    try container.encode(passed, forKey: .passed)
    try container.encode(failed, forKey: .failed)
    try container.encode(skipped, forKey: .skipped)
    try container.encode(missing, forKey: .missing)
    try container.encode(waiting, forKey: .waiting)
    try container.encode(resubmitted, forKey: .resubmitted)
    try container.encode(job, forKey: .job)
    try container.encode(gone, forKey: .gone)
    try container.encode(givenUp, forKey: .givenUp)
    try container.encode(unnamed, forKey: .unnamed)
  }
}
