import Foundation
import Support
import Testing

@testable import Cluster
@testable import Plans
@testable import RunStore

@Suite struct SlurmCollectionTests {
  private func collect(
    _ cluster: TinyCluster, resubmits: Bool = false, attempts: Int = 3, mixed: Bool = false
  ) throws -> SlurmCollection {
    try SlurmCollection(
      cluster.directory, slurm: cluster.slurm.slurm, into: "\(cluster.path)/whole", resubmits: resubmits,
      attempts: attempts, allowsMixedMachines: mixed, scratch: cluster.path)
  }

  /// Collects, and expects every launch of every point once, in an intact database. The collected run is locked while
  /// it is open.
  private func expectWhole(_ cluster: TinyCluster) throws {
    let collection = try collect(cluster)
    let run = try #require(collection.merge?.directory)
    #expect(try run.store.integrityProblems().isEmpty)
    #expect(try run.store.statuses().values.allSatisfy { $0 == .done })
    let results = try run.store.rows(ResultRow.self)
    #expect(results.map(\.pointID).sorted() == cluster.plan.points.map(\.id).sorted())
    #expect(results.allSatisfy { $0.status == .passed && $0.launches == 2 })
    let samples = try run.store.rows(SampleRow.self)
    #expect(Set(samples.map { "\($0.pointID) \($0.launch) \($0.sample)" }).count == samples.count)
    #expect(results.reduce(0) { $0 + ($1.n ?? 0) } == samples.count)
    #expect(try run.store.measuredLaunches().count == 14)
  }

  @Test func `all tasks together are the sweep`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      for task in 1...3 { try cluster.run(task, node: "n\(task)") }
      try expectWhole(cluster)
      let collection = try collect(cluster, resubmits: true)
      let run = try #require(collection.merge?.directory)
      #expect(run.manifest.host == "n1 n2 n3" && run.manifest.finished != nil)
      #expect(collection.resubmitted == nil)
      #expect(cluster.slurm.calls(of: "sbatch").count == 1)
    }
  }

  @Test func `what a lost node and a second start left comes once`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      for task in 1...2 { try cluster.run(task, node: "n\(task)") }
      try cluster.run(3, node: "n3", killedAt: 2)
      try cluster.run(3, node: "n4")
      // The lost node was only cut off, and copies the launches that it measured meanwhile.
      let part = try #require(try cluster.directory.parts()[3]?.last)
      try part.read(scratch: path) { run in
        var manifest = run.manifest
        manifest.runID += "x"
        try cluster.directory.part(3, runID: manifest.runID).write(run)
      }
      #expect(try cluster.directory.parts()[3]?.count == 3)
      try expectWhole(cluster)
      // And again: the earlier merge is replaced.
      try expectWhole(cluster)
    }
  }

  @Test func `only tasks with points missing that Slurm no longer has are submitted again`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      try cluster.run(1, node: "n1")
      try cluster.run(2, node: "n2", stop: 1)
      cluster.slurm.queue = "100|1|COMPLETED|n1|None\n100|2|FAILED|n2|NonZeroExitCode\n100|3|RUNNING|n3|None\n"
      cluster.slurm.jobs = ["101"]
      do {
        let looking = try collect(cluster)
        #expect(looking.resubmitted == nil && looking.progress.tasks(.submitAgain, attempts: 3) == [2])
        #expect(cluster.slurm.calls(of: "sbatch").count == 1)
      }
      do {
        let collection = try collect(cluster, resubmits: true)
        #expect(collection.resubmitted?.jobID == "101" && collection.resubmitted?.tasks == [2])
        #expect(cluster.slurm.calls(of: "sbatch").last?.contains("--array=2") == true)
        #expect(collection.progress.tasks(.wait, attempts: 3) == [3])
        #expect(collection.merge?.missing.isEmpty == false)
      }
      #expect(try cluster.directory.submissions().map(\.tasks) == [[1, 2, 3], [2]])

      // The script and shard are the same, so that the task measures its missing points.
      try cluster.run(2, node: "n5")
      try cluster.run(3, node: "n3")
      try expectWhole(cluster)
    }
  }

  @Test func `a task that never gets anywhere is given up`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      for expected in [2, 3, 3, 3] {
        let collection = try collect(cluster, resubmits: true)
        #expect(try cluster.directory.submissions().count == expected)
        #expect(collection.merge == nil)
      }
      #expect(try collect(cluster, resubmits: true).progress.tasks(.giveUp, attempts: 3) == [1, 2, 3])
      #expect(try collect(cluster, resubmits: true, attempts: 4).resubmitted?.tasks == [1, 2, 3])
    }
  }

  @Test func `different machines are refused with the difference, and nothing is written or submitted`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      for task in 1...2 { try cluster.run(task, node: "n\(task)") }
      try cluster.pretend("cpu_model", "a newer one", of: 2)
      #expect {
        try collect(cluster, resubmits: true)
      } throws: {
        "\($0)".contains("--allow-mixed") && "\($0)".contains("\n  + cpu_model: a newer one")
      }
      #expect(!FileManager.default.fileExists(atPath: "\(path)/whole"))
      #expect(cluster.slurm.calls(of: "sbatch").count == 1)

      do {
        let mixed = try #require(collect(cluster, mixed: true).merge?.directory)
        #expect(Set(try mixed.store.rows(ResultRow.self).map(\.host)) == ["n1", "n2"])
      }
      // Without the part, its points are missing again, from the merge too.
      try FileManager.default.removeItem(atPath: #require(cluster.directory.parts()[2]?.last).path)
      let without = try collect(cluster, resubmits: true)
      #expect(without.resubmitted?.tasks == [2, 3])
      #expect(Set(try #require(without.merge).directory.store.rows(ResultRow.self).map(\.host)) == ["n1"])
    }
  }

  @Test func `a machine that the first part does not tell is compared all the same`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      for task in 1...3 { try cluster.run(task, node: "n\(task)") }
      let first = try #require(try cluster.directory.parts()[1]?.last)
      try first.read(scratch: path) { run in
        try run.store.replace(facts: [], at: .start)
        try first.write(run)
      }
      try cluster.pretend("kernel", "another", of: 3)
      #expect {
        try collect(cluster)
      } throws: {
        "\($0)".contains("\n  + kernel: another")
      }
    }
  }

  @Test func `a run that was not collected here is not replaced`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      try cluster.run(1, node: "n1")
      for body in [TinyCluster.body, TinyCluster.body.replacing("seed: 3", with: "seed: 4")] {
        let experiment = try experiment(body)
        do {
          _ = try RunDirectory.createOrResume(
            at: "\(path)/whole", plan: Plan(experiment, cpuCount: 1),
            manifest: Manifest(experiment: experiment, commandLine: [], host: "h", toolVersion: "1"), restart: true)
        }
        #expect {
          try collect(cluster)
        } throws: {
          "\($0)".hasPrefix("\(path)/whole/manifest.json: expected a run that was collected from ")
        }
        #expect(try RunDirectory(opening: "\(path)/whole").manifest.host == "h")
      }
    }
  }

  @Test func `a directory that holds something else than a run is left alone`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      try cluster.run(1, node: "n1")
      try FileManager.default.createDirectory(atPath: "\(path)/whole", withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(path)/whole/notes"))
      #expect(throws: InputError.self) { try collect(cluster) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)/whole") == ["notes"])
    }
  }
}
