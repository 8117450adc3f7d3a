import Foundation
import GRDB
import Kernels
import Machines
import PlanSupport
import Support
import Testing

@testable import Cluster
@testable import Measurement
@testable import Plans
@testable import RunStore
@testable import Studies

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
        experiment, in: directory, inputs: RunInputs(experiment), isInterrupted: { count == stop }
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
      // An open directory is locked, so that the runs follow one another.
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
            cluster.experiment, in: run, inputs: RunInputs(cluster.experiment), report: report
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

/// The projections of runs that measure: they are made after all launches, and joined with the measurements when they
/// are read.
@Suite struct MeasuredProjectionTests {
  private func experiment(
    _ points: String = "{table_rows: [4, 16]}", measure: String = "", machines: String = "[grace, host]"
  ) throws -> Experiment {
    try ExperimentsTests.experiment(
      """
      seed: 3
      defaults: {kernel: lookup, threads: 1, hidden: 16, tokens: 16, tables: 2, block_size: 8}
      sweeps: [{name: a, axes: \(points)}]
      measure: {min_samples: 6, min_seconds: 0, max_seconds: 0.01, warmup_seconds: 0\(measure)}
      machines: \(machines)
      """)
  }

  @Test func `launches know nothing of projections, which follow all of them`() throws {
    try withTemporaryDirectory { path in
      let (directory, events) = try run(experiment(measure: ", launches: 2"), at: path)
      let last = try #require(events.lastIndex { if case .finished = $0 { true } else { false } })
      let first = try #require(events.firstIndex { if case .projected = $0 { true } else { false } })
      #expect(last < first)
      #expect(try directory.store.rows(ProjectionRow.self).count == 4)
      #expect(directory.manifest.finished != nil)
      #expect(try directory.missingProjectionsWarning() == nil)
    }
  }

  @Test(arguments: [0, 1]) func `a run that is stopped before or among its projections says so, and makes them later`(
    stop: Int
  ) throws {
    try withTemporaryDirectory { path in
      var projected = 0
      var launches = 0
      let launcher = Interceptor { _ in
        launches += 1
        return nil
      }
      do {
        let directory = try RunDirectory.createOrResume(
          at: path, plan: Plan(experiment(), cpuCount: 1),
          manifest: Manifest(experiment: experiment(), commandLine: ["lookahead"], host: "h", toolVersion: "1"))
        #expect(throws: Interrupted.self) {
          try run(
            experiment(), in: directory, launcher: launcher,
            isInterrupted: { launches == 2 && projected == stop },
            report: { if case .projected = $0 { projected += 1 } })
        }
      }
      let stopped = try RunDirectory(opening: path)
      #expect(stopped.manifest.finished == nil)
      #expect(try stopped.store.rows(ProjectionRow.self).count == 2 * stop)
      let warning = try #require(try stopped.missingProjectionsWarning())
      #expect(
        warning.hasPrefix(
          stop == 0 ? "the projections of 2 measured points are" : "the projections of 1 measured point are"))
      #expect(FileManager.default.fileExists(atPath: "\(path)/projections.csv"))

      let (resumed, _) = try run(experiment(), at: path, launcher: launcher)
      #expect(launches == 2)
      let rows = try resumed.store.rows(ProjectionRow.self)
      #expect(rows.map(\.machine) == ["host", "grace", "host", "grace"])
      #expect(try resumed.missingProjectionsWarning() == nil)
      let whole = try withTemporaryDirectory { other in
        try run(experiment(), at: other).0.store.rows(ProjectionRow.self)
      }
      #expect(rows.map(\.tokensPerSecond) == whole.map(\.tokensPerSecond))
    }
  }

  @Test func `a projection stands beside what all launches so far measured, whenever it was made`() throws {
    try withTemporaryDirectory { path in
      let (directory, _) = try run(experiment(), at: path)
      let store = directory.store
      var result = try #require(try store.rows(ResultRow.self).first)
      var sample = try #require(try store.rows(SampleRow.self).first { $0.pointID == result.pointID })
      (sample.launch, sample.wallNanoseconds) = (1, 1e9)
      result.medianNanoseconds = 1e9
      let attempt = AttemptRow(
        runID: "r", pointID: result.pointID, launch: 1, attempt: 0, position: 2, status: .passed, startNanoseconds: 0)
      let pooled = try store.finish(PointOutcome(result: result, samples: [sample]), attempt, of: 2, fmaPeak: nil)
      let rows = try store.rows(ProjectionRow.self).filter { $0.pointID == result.pointID }
      #expect(rows.map(\.measuredTokensPerSecond) == [pooled.tokensPerSecond, nil])
      let column = try #require(
        try store.csv(ProjectionRow.self).split(separator: "\n").first?.split(separator: ",")
          .firstIndex(of: "measured_tokens_per_s"))
      let cells = try store.csv(ProjectionRow.self).split(separator: "\n").dropFirst().map {
        String($0.split(separator: ",", omittingEmptySubsequences: false)[column])
      }
      #expect(cells.count { !$0.isEmpty } == 2)
    }
  }

  @Test func `a machine that cannot be projected onto leaves the measurement standing, with a note`() throws {
    try withTemporaryDirectory { path in
      let file = "\(path)/caches.yaml"
      try Data("caches:\n  - {name: L1, size: 32KiB, ways: 8, line: 64}\n".utf8).write(to: URL(fileURLWithPath: file))
      let (directory, _) = try run(experiment(machines: "['\(file)']"), at: "\(path)/run")
      let results = try directory.store.rows(ResultRow.self)
      #expect(results.count == 2 && results.allSatisfy { $0.status == .passed && $0.tokensPerSecond != nil })
      #expect(results.allSatisfy { $0.notes?.contains("not projected: ") == true })
      #expect(try directory.store.rows(ProjectionRow.self).isEmpty)
      #expect(try directory.missingProjectionsWarning() == nil)
    }
  }

  @Test func `a point is left out of a machine that gives no rate for its multiply-adds`() throws {
    try withTemporaryDirectory { path in
      let (directory, _) = try run(experiment("{projection_dtype: [bf16]}", machines: "[epyc-7763]"), at: path)
      // Milan has no bf16 multiply-add, so that there is no rate to project with.
      #expect(try directory.store.rows(ProjectionRow.self).isEmpty)
      let result = try #require(try directory.store.rows(ResultRow.self).first)
      #expect(result.notes?.contains("not projected onto epyc-7763") == true, "\(result.notes ?? "")")
      #expect(try directory.unprojectedPoints().isEmpty)
    }
  }

  @Test func `a point that leaves its strategy open is projected with the one that was chosen`() throws {
    try withTemporaryDirectory { path in
      let (directory, _) = try run(experiment("{order: [auto]}", machines: "[grace]"), at: path)
      let result = try #require(try directory.store.rows(ResultRow.self).first)
      let settled = try #require(directory.plan.points.first?.settled(by: result))
      let row = try #require(try directory.store.rows(ProjectionRow.self).first)
      let expected = try Projector(runID: "r", machines: RunInputs(directory.experiment()).machines, host: nil)
        .rows(directory.plan.points, experiment: directory.experiment(), settled: [result.pointID: settled])
      #expect(row.tokensPerSecond == expected.first?.tokensPerSecond)
    }
  }

  @Test func `validate projects such a point with the strategy that was chosen too`() throws {
    try withTemporaryDirectory { path in
      let (directory, _) = try run(experiment("{order: [auto], table_rows: [4]}", machines: "[grace]"), at: path)
      // One that no default is: slices of a tile that holds all tokens.
      try directory.store.database.write {
        try $0.execute(
          sql: """
            UPDATE results SET "order" = 'sliced', token_tile = 16, table_group = 1, column_slice_columns = 8
            """)
      }
      let grace = try #require(RunInputs(directory.experiment()).machines.first)
      func projected(_ settled: [String: Point]) throws -> [Double] {
        try Projector(runID: "r", machines: [grace], host: nil)
          .rows(directory.plan.points, experiment: directory.experiment(), settled: settled).map(\.tokensPerSecond)
      }
      let settled = try directory.settledPoints()
      let validated = try Validation(directory, machine: grace).entries.map(\.projection.tokensPerSecond)
      #expect(settled.count == 1)
      #expect(validated == (try projected(settled)))
      #expect(validated != (try projected([:])))
    }
  }

  @Test func `what an older tool stored beside its projections is read as what was measured`() throws {
    try withTemporaryDirectory { path in
      let file = path + "/results.sqlite"
      try RunStore(path: file, create: true, version: "8").close()
      let point = Point(
        sweep: "a", kernel: .lookup, seed: 1, hidden: 8, output: 8, tables: 2, tableRows: 4, projection: .bh4,
        tokens: 40,
        threads: 1)
      let old = try DatabaseQueue(path: file)
      try old.write { db in
        try db.execute(
          sql: """
            INSERT INTO points (id, params, status) VALUES ('\(point.id)', '{}', 'done');
            INSERT INTO results (run_id, point_id, sweep, status, host, kernel, kernel_version, dtype, tokens, hidden,
              output, threads, cpus, memory, tokens_per_s)
            VALUES ('r', '\(point.id)', 'a', 'passed', 'h', 'lookup', '2', 'fp32', 40, 8, 8, 1, 'compact', 'local', 250);
            INSERT INTO projections (run_id, point_id, machine, tokens_per_s, low_tokens_per_s, high_tokens_per_s,
              limiter, measured_tokens_per_s, model_version)
            VALUES ('r', '\(point.id)', 'host', 200, 100, 300, 'L1', 250, '7'),
              ('r', '\(point.id)', 'grace', 400, 200, 600, 'L1', NULL, '7');
            INSERT INTO stages (point_id, stage, flop_per_token, modelled_ns_per_token, measured_ns_per_token,
              fastest_ns_per_token)
            VALUES ('\(point.id)', 'hash', 5, 11, 12, 10), ('\(point.id)', 'gather', 6, 13, NULL, NULL);
            """)
      }
      try old.close()
      let store = try RunStore(path: file, create: false)
      #expect(try store.rows(ProjectionRow.self).map(\.measuredTokensPerSecond) == [250, nil])
      #expect(try store.rows(ProjectionRow.self).map(\.traffic) == ["simulated", "simulated"])
      #expect(
        try store.rows(StageTimeRow.self) == [
          StageTimeRow(
            pointID: point.id, stage: "hash", measuredNanosecondsPerToken: 12, fastestNanosecondsPerToken: 10)
        ])
      let stages = try store.rows(StageRow.self)
      #expect(stages.map(\.measuredNanosecondsPerToken) == [12, nil])
      #expect(stages.map(\.fastestNanosecondsPerToken) == [10, nil])
      #expect(stages.map(\.modelledNanosecondsPerToken) == [11, 13])
      #expect(try store.projectedPoints() == [point.id])
    }
  }

  @Test func `projections of a tool that knew one traffic alone are of simulated traffic`() throws {
    try withTemporaryDirectory { path in
      let file = path + "/results.sqlite"
      try RunStore(path: file, create: true, version: "10").close()
      let old = try DatabaseQueue(path: file)
      try old.write { db in
        try db.execute(
          sql: """
            DROP VIEW projections;
            ALTER TABLE modelled_projections DROP COLUMN traffic;
            ALTER TABLE modelled_projections DROP COLUMN traffic_sources;
            CREATE VIEW projections AS SELECT row.*, NULL AS measured FROM modelled_projections row;
            INSERT INTO points (id, params, status) VALUES ('p', '{}', 'done');
            INSERT INTO modelled_projections (run_id, point_id, machine, tokens_per_s, low_tokens_per_s,
              high_tokens_per_s, limiter, model_version) VALUES ('r', 'p', 'grace', 200, 100, 300, 'L1', '7');
            """)
      }
      try old.close()
      let rows = try RunStore(path: file, create: false).rows(ProjectionRow.self)
      #expect(rows.map(\.traffic) == ["simulated"] && rows.map(\.trafficSources) == [nil])
    }
  }

  @Test func `merging takes over projections that the first part was stopped before making`() throws {
    try withTemporaryDirectory { path in
      let experiment = try experiment(measure: ", launches: 2")
      // Each part holds one launch; only the second has its projections.
      for part in [0, 1] {
        var options = SweepRunner.Options()
        options.measuredElsewhere = Set(
          try Plan(experiment, cpuCount: 1).points.map { .init(pointID: $0.id, launch: 1 - part) })
        var launches = 0
        let launcher = Interceptor { _ in
          launches += 1
          return nil
        }
        do {
          try run(
            experiment, at: "\(path)/\(part)", launcher: launcher, options: options,
            isInterrupted: { part == 0 && launches == 2 })
        } catch is Interrupted {}
      }
      let merge = try RunMerge([0, 1].map { RunMerge.Part(directory: "\(path)/\($0)") }, into: "\(path)/all")
      #expect(merge.missing.isEmpty && merge.directory.manifest.finished != nil)
      let store = merge.directory.store
      let measured = Dictionary(
        uniqueKeysWithValues: try store.rows(ResultRow.self).map { ($0.pointID, $0.tokensPerSecond) })
      let rows = try store.rows(ProjectionRow.self)
      #expect(rows.count == 4)
      for row in rows where row.machine == "host" {
        #expect(row.measuredTokensPerSecond == measured[row.pointID] ?? nil)
      }
      #expect(try store.rows(StageRow.self).allSatisfy { $0.measuredNanosecondsPerToken != nil })
    }
  }
}
