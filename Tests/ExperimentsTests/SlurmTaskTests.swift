import Foundation
import Support
import Testing

@testable import Cluster
@testable import Measurement
@testable import Plans
@testable import RunStore

@Suite struct SlurmTaskTests {
  /// The launches that each part of `task` holds, in the order of their starts.
  private func launches(_ cluster: TinyCluster, _ task: Int) throws -> [Set<RunStore.LaunchKey>] {
    try (cluster.directory.parts()[task] ?? []).map { part in
      try part.read(scratch: cluster.path) { try $0.store.measuredLaunches() }
    }
  }

  private func shard(_ cluster: TinyCluster, _ task: Int) throws -> Set<RunStore.LaunchKey> {
    let points = try cluster.directory.job.shards(of: cluster.plan)[task - 1]
    return Set(points.flatMap { point in (0..<2).map { RunStore.LaunchKey(pointID: point.id, launch: $0) } })
  }

  @Test func `a task measures its shard and leaves one part, and nothing on its node`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      #expect(try cluster.run(2, node: "n2")?.allSatisfy { $0.status == .passed && $0.host == "n2" } == true)
      #expect(try launches(cluster, 2) == [shard(cluster, 2)])
      #expect(try cluster.directory.parts().keys.sorted() == [2])
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)/scratch-n2").isEmpty)
    }
  }

  @Test func `a task that lost its node goes on elsewhere with what was not copied`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      try cluster.run(1, node: "n1", killedAt: 3)
      let whole = try shard(cluster, 1)
      let first = try launches(cluster, 1)
      #expect(first.map(\.count) == [3])
      let rows = try #require(try cluster.run(1, node: "n4"))
      #expect(rows.allSatisfy { $0.host == "n4" })
      let both = try launches(cluster, 1)
      #expect(both.count == 2)
      #expect(both[0].union(both[1]) == whole)
      #expect(both[0].isDisjoint(with: both[1]))
    }
  }

  @Test func `a task that is asked to end copies what is complete, and the next start has the rest`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      #expect(try cluster.run(3, node: "n1", stop: 1) == nil)
      #expect(try launches(cluster, 3).map(\.count) == [1])
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)/scratch-n1").isEmpty)
      #expect(try cluster.run(3, node: "n1", stop: 2) == nil)
      try cluster.run(3, node: "n1")
      #expect(try launches(cluster, 3).reduce(Set()) { $0.union($1) } == shard(cluster, 3))
      #expect(try launches(cluster, 3).reduce(0) { $0 + $1.count } == shard(cluster, 3).count)
    }
  }

  @Test func `a task of which nothing is missing measures nothing`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      try cluster.run(1, node: "n1")
      #expect(try cluster.run(1, node: "n2") == nil)
      #expect(try cluster.directory.parts()[1]?.count == 1)
    }
  }

  @Test func `what a run had before it went to the cluster is not measured again`() throws {
    try withTemporaryDirectory { path in
      let experiment = try experiment(TinyCluster.body)
      var count = 0
      let launcher = Interceptor { _ in
        count += 1
        return count > 9 ? .reported(LaunchReport()) : nil
      }
      let begun = try RunDirectory.createOrResume(
        at: "\(path)/begun", plan: Plan(experiment, cpuCount: 1),
        manifest: Manifest(experiment: experiment, commandLine: [], host: "login", toolVersion: "1"))
      #expect(throws: Interrupted.self) { try ExperimentsTests.run(experiment, in: begun, launcher: launcher) }
      // The first round, and 2 of the second: 2 points are done.
      let seconds = try begun.secondsLeft()
      #expect(begun.plan.points.count { seconds($0) == 0 } == 2)

      let cluster = try TinyCluster(in: path)
      try cluster.directory.take(begun)
      for task in 1...3 { try cluster.run(task, node: "n\(task)") }
      let elsewhere = try (1...3).flatMap { try launches(cluster, $0) }.reduce(Set()) { $0.union($1) }
      #expect(elsewhere.count == 5)
      #expect(elsewhere.isDisjoint(with: try begun.store.measuredLaunches()))
    }
  }

  @Test func `copies wait for their time, and take a twentieth of it at most`() {
    let second: UInt64 = 1_000_000_000
    var pace = CopyPace(seconds: 10, now: 5 * second)
    #expect(!pace.isDue(at: 14 * second) && pace.isDue(at: 15 * second))
    pace.copied(from: 15 * second, to: 15 * second + 1)
    #expect(!pace.isDue(at: 25 * second) && pace.isDue(at: 26 * second))
    // A slow file system.
    pace.copied(from: 26 * second, to: 28 * second)
    #expect(!pace.isDue(at: 67 * second) && pace.isDue(at: 68 * second))
  }

  @Test func `outside an array of Slurm there is no task`() {
    #expect {
      try SlurmTask.Place(environment: [:])
    } throws: {
      "\($0)".contains("expected to run as a task of a Slurm job array")
    }
  }

  @Test func `Slurm's environment says which task runs where`() throws {
    let environment = [
      "SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_JOB_ID": "41", "SLURMD_NODENAME": "n7", "TMPDIR": "/nowhere/at all",
    ]
    #expect(
      try SlurmTask.Place(environment: environment)
        == SlurmTask.Place(task: 3, jobID: "41", node: "n7", scratch: "/tmp"))
    #expect(try SlurmTask.Place(environment: environment, scratch: "/local").scratch == "/local")
  }

  @Test(arguments: [0, 4])
  func `a task that the job does not have is refused`(task: Int) throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      #expect(throws: InputError.self) {
        try SlurmTask(cluster.directory, at: SlurmTask.Place(task: task, jobID: "1", node: "n", scratch: path))
      }
    }
  }
}
