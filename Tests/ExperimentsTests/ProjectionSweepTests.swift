import Foundation
import Machines
import Support
import Testing

@testable import Cluster
@testable import Measurement
@testable import Plans
@testable import RunStore

@Suite struct ProjectionSweepTests {
  private static let body = TinyCluster.body + "\nmachines: [epyc-7763, grace]"

  private func directory(_ experiment: Experiment, at path: String, only ids: Set<String>? = nil) throws -> RunDirectory
  {
    try RunDirectory.createOrResume(
      at: path, plan: Plan(experiment, cpuCount: 1),
      manifest: Manifest(experiment: experiment, commandLine: [], host: "h", toolVersion: "1", modelled: true),
      only: ids)
  }

  @discardableResult
  private func project(
    _ experiment: Experiment, at path: String, only ids: Set<String>? = nil, stop: Int? = nil
  ) throws -> RunDirectory {
    let directory = try directory(experiment, at: path, only: ids)
    var count = 0
    do {
      try ProjectionSweep(
        experiment, in: directory, machines: RunInputs(experiment).machines, isInterrupted: { count == stop }
      ) {
        if case .projected = $0 { count += 1 }
      }.run()
    } catch is Interrupted {}
    return directory
  }

  private func rates(_ rows: [ProjectionRow]) -> [String: Double] {
    Dictionary(rows.map { ("\($0.pointID) \($0.machine)", $0.tokensPerSecond) }, uniquingKeysWith: { _, _ in .nan })
  }

  @Test func `every point is projected onto every machine, and nothing is called measured`() throws {
    try withTemporaryDirectory { path in
      let experiment = try experiment(Self.body)
      let run = try project(experiment, at: "\(path)/run")
      let rows = try run.store.rows(ProjectionRow.self)
      #expect(rows.count == 14)
      #expect(rows.allSatisfy { $0.measuredTokensPerSecond == nil })
      let expected = try Projector(runID: "", machines: RunInputs(experiment).machines, host: nil)
        .rows(run.plan.points, experiment: experiment)
      #expect(rates(rows) == rates(expected))
      #expect(try run.store.rows(ResultRow.self).isEmpty && run.store.rows(SampleRow.self).isEmpty)
      #expect(try run.store.statuses().values.allSatisfy { $0 == .done })
      #expect(run.manifest.finished != nil && FileManager.default.fileExists(atPath: "\(path)/run/projections.csv"))
    }
  }

  @Test func `what was interrupted goes on where it stopped`() throws {
    try withTemporaryDirectory { path in
      let experiment = try experiment(Self.body)
      // A directory that is open is locked, hence one after another.
      for (stop, expected) in [(3, 6), (nil, 14)] {
        let run = try project(experiment, at: "\(path)/run", stop: stop)
        #expect(try run.store.rows(ProjectionRow.self).count == expected)
      }
    }
  }

  @Test func `parts merge into the whole`() throws {
    try withTemporaryDirectory { path in
      let experiment = try experiment(Self.body)
      let plan = try Plan(experiment, cpuCount: 1)
      for index in 1...3 {
        try project(
          experiment, at: "\(path)/\(index)", only: Shard(index: index, count: 3).points(of: plan) { _ in 1 })
      }
      let merge = try RunMerge((1...3).map { RunMerge.Part(directory: "\(path)/\($0)") }, into: "\(path)/all")
      #expect(merge.missing.isEmpty && merge.directory.manifest.modelled == true)
      let whole = try project(experiment, at: "\(path)/whole")
      let expected = rates(try whole.store.rows())
      #expect(expected.count == 14)
      #expect(try rates(merge.directory.store.rows()) == expected)
      #expect(try merge.directory.store.rows(StageRow.self).count == whole.store.rows(StageRow.self).count)
    }
  }

  @Test func `what is projected does not mix with what is measured`() throws {
    try withTemporaryDirectory { path in
      let experiment = try experiment(Self.body)
      try project(experiment, at: "\(path)/projected")
      try ExperimentsTests.run(experiment, at: "\(path)/measured")
      #expect {
        try RunMerge(["measured", "projected"].map { RunMerge.Part(directory: "\(path)/\($0)") }, into: "\(path)/all")
      } throws: {
        "\($0)".contains("\n  - points: measured\n  + points: projected")
      }
      #expect {
        try ExperimentsTests.run(experiment, at: "\(path)/projected")
      } throws: {
        "\($0)".contains("\n  - points: projected\n  + points: measured")
      }
    }
  }

  @Test func `tasks of a cluster share projections out like measurements`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path, body: Self.body, projects: true)
      for index in 1...3 {
        let task = try SlurmTask(
          cluster.directory, at: SlurmTask.Place(task: index, jobID: "1", node: "n\(index)", scratch: path))
        let manifest = Manifest(
          experiment: cluster.experiment, commandLine: [], host: "n\(index)", toolVersion: "1", shard: task.shard,
          modelled: true)
        _ = try task.run(cluster.plan, manifest: manifest, report: { _ in }) { run, _, report in
          try ProjectionSweep(
            cluster.experiment, in: run, machines: RunInputs(cluster.experiment).machines, report: report
          ).run()
        }
      }
      let collection = try SlurmCollection(
        cluster.directory, slurm: cluster.slurm.slurm, into: "\(path)/whole", resubmits: true, scratch: path)
      #expect(collection.merge?.missing.isEmpty == true && collection.resubmitted == nil)
      #expect(try collection.merge?.directory.store.rows(ProjectionRow.self).count == 14)
      #expect(collection.progress.tasks.allSatisfy { $0.missing == 0 && $0.done > 0 })
    }
  }
}
