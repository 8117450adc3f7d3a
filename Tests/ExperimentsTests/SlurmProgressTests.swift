import Foundation
import Support
import Testing

@testable import Cluster
@testable import RunStore

@Suite struct SlurmProgressTests {
  private func progress(_ cluster: TinyCluster) throws -> SlurmProgress {
    try SlurmProgress(cluster.directory, slurm: cluster.slurm.slurm, scratch: cluster.path)
  }

  @Test func `before anything runs, all points are missing and take what was estimated`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      cluster.slurm.queue = (1...3).map { "100|\($0)|PENDING||Priority\n" }.joined()
      let tasks = try progress(cluster).tasks
      #expect(tasks.map(\.missing).reduce(0, +) == 7)
      #expect(tasks.allSatisfy { $0.done == 0 && $0.isQueued && $0.submissions == 1 && $0.copied == nil })
      #expect(tasks.allSatisfy { $0.state == "PENDING" && $0.reason == "Priority" && $0.jobID == "100" })
      let seconds = tasks.reduce(0) { $0 + $1.missingSeconds }
      #expect(abs(seconds - cluster.directory.job.seconds.values.reduce(0, +)) < 1e-9)
    }
  }

  @Test func `the queue stands beside what each task has measured`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      try cluster.run(1, node: "n1")
      // The first round and one of the second.
      try cluster.run(2, node: "n2", killedAt: cluster.directory.job.shards(of: cluster.plan)[1].count + 1)
      cluster.slurm.queue = "100|1|COMPLETED|n1|None\n100|2|RUNNING|n2|None\n"
      let tasks = try progress(cluster).tasks
      #expect(tasks.map(\.state) == ["COMPLETED", "RUNNING", nil])
      #expect(tasks.map(\.isQueued) == [false, true, false])
      #expect(tasks.map(\.node) == ["n1", "n2", ""])
      #expect(tasks[0].missing == 0 && tasks[0].done == tasks[0].points && tasks[0].reason.isEmpty)
      #expect(tasks[1].done == 1 && tasks[1].missing == tasks[1].points - 1)
      #expect(tasks[2].done == 0 && tasks[2].copied == nil)
      #expect(tasks[0].copied != nil)
      #expect(tasks.map(\.points).reduce(0, +) == 7)
    }
  }

  @Test func `a task that was submitted again shows the job that is alive`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      cluster.slurm.jobs = ["101"]
      try cluster.directory.submit([2], to: cluster.slurm.slurm)
      cluster.slurm.queue = "101|2|PENDING||Resources\n100|2|TIMEOUT|n2|TimeLimit\n100|3|FAILED|n3|NonZeroExitCode\n"
      let tasks = try progress(cluster).tasks
      #expect(tasks.map(\.state) == [nil, "PENDING", "FAILED"])
      #expect(tasks.map(\.jobID) == ["100", "101", "100"])
      #expect(tasks.map(\.submissions) == [1, 2, 1])
      #expect(tasks[2].reason == "NonZeroExitCode")
    }
  }

  @Test func `a task is left alone while Slurm has it, and submitted as often as allowed`() {
    func step(queued: Bool, missing: Int, submissions: Int) -> SlurmProgress.Step {
      SlurmProgress.step(
        SlurmProgress.Task(
          task: 1, jobID: "1", state: nil, isQueued: queued, node: "", reason: "", submissions: submissions, done: 1,
          failed: 1, skipped: 1, missing: missing, missingSeconds: 0, copied: nil), attempts: 3)
    }
    #expect(step(queued: true, missing: 2, submissions: 1) == .wait)
    #expect(step(queued: true, missing: 2, submissions: 9) == .wait)
    #expect(step(queued: false, missing: 2, submissions: 1) == .submitAgain)
    #expect(step(queued: false, missing: 2, submissions: 2) == .submitAgain)
    #expect(step(queued: false, missing: 2, submissions: 3) == .giveUp)
    #expect(step(queued: false, missing: 0, submissions: 1) == .complete)
    #expect(step(queued: true, missing: 0, submissions: 1) == .complete)
  }

  @Test func `machines that differ are named with what differs`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      for task in 1...3 { try cluster.run(task, node: "n\(task)") }
      #expect(try progress(cluster).machineDifferences.isEmpty)
      for task in [2, 3] { try cluster.pretend("cpu_model", "a newer one", of: task) }
      let differences = try progress(cluster).machineDifferences
      #expect(differences.count == 1)
      #expect(differences[0].hasPrefix("cpu_model: ") && differences[0].hasSuffix(" on n1, a newer one on n2, n3"))
    }
  }
}

extension TinyCluster {
  /// Changes a fact of the machine that the last part of `task` was measured on.
  func pretend(_ name: String, _ value: String, of task: Int) throws {
    let part = try #require(try directory.parts()[task]?.last)
    try part.read(scratch: path) { run in
      let facts = try run.store.rows(FactRow.self).map {
        $0.name == name && $0.when == .start ? FactRow(when: .start, name: name, value: value) : $0
      }
      try run.store.replace(facts: facts, at: .start)
      try part.write(run)
    }
  }
}
