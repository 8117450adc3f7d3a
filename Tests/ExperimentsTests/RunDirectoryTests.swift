import Foundation
import GRDB
import Kernels
import PlanSupport
import Profiler
import Support
import Testing

@testable import Plans
@testable import RunStore
@testable import Statistics

private let lines = "sweeps: [{name: a, set: {tokens: 8}, axes: {kernel: [dense, lookup], threads: [1, 2]}}]"

private func manifest(_ experiment: Experiment, host: String = "h") -> Manifest {
  Manifest(
    experiment: experiment, commandLine: ["lookahead", "run"], created: Date(timeIntervalSince1970: 1_767_225_600),
    host: host, toolVersion: "1")
}

private func open(_ path: String, _ text: String = lines, overrides: [String] = [], host: String = "h") throws
  -> RunDirectory
{
  let experiment = try experiment(text, overrides: overrides)
  return try RunDirectory.createOrResume(
    at: path, plan: Plan(experiment, cpuCount: 2), manifest: manifest(experiment, host: host))
}

private func outcome(_ point: Point, _ run: RunDirectory, status: ResultStatus = .passed) throws -> PointOutcome {
  let id = run.manifest.runID
  var result = ResultRow(runID: id, host: "h", point: point, status: status)
  result.flopPerToken = 100
  if status == .passed { result.set(try #require(Statistics([10, 12, 11, 10, 11, 12, 13])), stopReason: .maxSeconds) }
  let samples = (0..<3).map {
    SampleRow(
      runID: id, pointID: point.id, launch: 0, sample: $0, orderIndex: $0, startNanoseconds: 5 * $0,
      wallNanoseconds: 10.5, outlier: false)
  }
  let counter = CounterRow(
    runID: id, pointID: point.id, launch: 0, group: "cache", event: "L1D, \"fills\"", quality: "unsupported",
    reason: "no PMU")
  return PointOutcome(result: result, samples: samples, counters: [counter])
}

@Suite struct RunDirectoryTests {
  @Test func `a run is resumed where it stopped, and an attempt replaces the one before`() throws {
    try withTemporaryDirectory { path in
      let (points, manifest) = try {
        let run = try open(path)
        let points = run.plan.executionOrder
        try run.store.markRunning(pointID: points[0].id)
        try run.store.finish(outcome(points[0], run))
        try run.store.finish(outcome(points[1], run, status: .failed))
        try run.store.markRunning(pointID: points[2].id)
        try run.store.close()
        return (points, run.manifest)
      }()

      let resumed = try open(path)
      #expect(try resumed.pendingPoints() == Array(points[2...]))
      #expect(try resumed.pendingPoints(retryingFailed: true) == Array(points[1...]))
      #expect(resumed.manifest == manifest)
      try resumed.store.finish(outcome(points[1], resumed))
      #expect(try resumed.store.rows(ResultRow.self).map(\.status) == [.passed, .passed])
      #expect(try resumed.store.rows(SampleRow.self).count == 6)
    }
  }

  @Test func `rows come back as they were stored`() throws {
    try withTemporaryDirectory { path in
      let run = try open(path)
      let stored = try outcome(run.plan.points[3], run)
      try run.store.finish(stored)
      #expect(try run.store.rows(ResultRow.self) == [stored.result])
      #expect(try run.store.rows(SampleRow.self) == stored.samples)
      #expect(try run.store.rows(CounterRow.self) == stored.counters)
    }
  }

  @Test func `a result derives its rates from the median`() throws {
    try withTemporaryDirectory { path in
      let run = try open(path)
      let result = try outcome(run.plan.points[0], run).result
      #expect(result.medianNanoseconds == 11)
      let (perToken, perSecond, gigaflops): (Double, Double, Double) = (11 / 8, 8e9 / 11, 800 / 11)
      #expect(result.nanosecondsPerToken == perToken)
      #expect(result.tokensPerSecond == perSecond)
      #expect(result.gigaflopPerSecond == gigaflops)
      #expect(result.algorithmicGigabytesPerSecond == nil)
    }
  }

  @Test func `missing values are empty cells, and cells with commas and quotes are quoted`() throws {
    try withTemporaryDirectory { path in
      let run = try open(path)
      try run.store.finish(outcome(run.plan.points[0], run))
      try run.finish(at: Date(timeIntervalSince1970: 1_767_225_700))
      let csv = try readTextFile(path + "/counters.csv").split(separator: "\n")
      #expect(
        csv[0]
          == "run_id,point_id,launch,thread,socket,group,event,canonical_event,source,raw,enabled_ns,running_ns,value,quality,reason"
      )
      #expect(csv[1].hasSuffix(",0,,,cache,\"L1D, \"\"fills\"\"\",,,,,,,unsupported,no PMU"))
      #expect(try RunDirectory(opening: path).manifest.finished == Date(timeIntervalSince1970: 1_767_225_700))
      let files = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".csv") }.sorted()
      #expect(
        files == [
          "attempts.csv", "audit.csv", "ceilings.csv", "counters.csv", "facts.csv", "metrics.csv", "notes.csv",
          "projections.csv", "results.csv", "samples.csv", "sensitivities.csv", "sentinel.csv", "stages.csv",
          "tuning.csv",
        ])
    }
  }

  @Test func `another experiment, other overrides or another host are refused with the difference`() throws {
    try withTemporaryDirectory { path in
      _ = try open(path)
      func complaint(_ body: () throws -> RunDirectory) -> String {
        do { return "none: \(try body().path)" } catch { return "\(error)" }
      }
      let changed = lines.replacing("tokens: 8", with: "tokens: 9")
      let difference = complaint { try open(path, changed) }
      #expect(difference.contains("\n  - sweeps[a].set.tokens: 8\n  + sweeps[a].set.tokens: 9"), "\(difference)")
      #expect(complaint { try open(path, overrides: ["seed=3"]) }.hasSuffix(":\n  + --set[0]: seed=3"))
      #expect(complaint { try open(path, host: "g") }.hasSuffix(":\n  - host: h\n  + host: g"))
      // Neither comments nor the order of keys make another experiment.
      let respelt = "# as before\n" + lines.replacing("name: a, set: {tokens: 8}", with: "set: {tokens: 8}, name: 'a'")
      #expect(complaint { try open(path, respelt) }.hasPrefix("none"))
    }
  }

  @Test func `a directory with other files is left alone`() throws {
    try withTemporaryDirectory { path in
      try Data("mine".utf8).write(to: URL(fileURLWithPath: path + "/notes.txt"))
      #expect(throws: InputError.self) { try open(path) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["notes.txt"])
    }
  }

  @Test func `a directory that is no run, and a database that is none, are refused`() throws {
    try withTemporaryDirectory { path in
      #expect(throws: InputError.self) { try RunDirectory(opening: path) }
      #expect(throws: InputError.self) { try RunDirectory(opening: path + "/absent") }
      let run = try open(path + "/run")
      try run.store.close()
      #expect(!FileManager.default.fileExists(atPath: path + "/run/results.sqlite-wal"))
      try Data(repeating: 65, count: 8192).write(to: URL(fileURLWithPath: path + "/run/results.sqlite"))
      #expect(throws: InputError.self) { try RunDirectory(opening: path + "/run") }
    }
  }

  /// Every result is of a point of the run.
  private func addPoint(_ id: String, to db: Database) throws {
    try db.execute(sql: "INSERT INTO points (id, params, status) VALUES (?, '{}', 'done')", arguments: [id])
  }

  @Test func `results of an older tool keep their placement under the new names`() throws {
    try withTemporaryDirectory { path in
      let file = path + "/results.sqlite"
      try RunStore(path: file, create: true, version: "2").close()
      let names = [
        "memory": "memory_policy", "pages_per_node_after": "pages_per_node", "page_kind_after": "page_kind",
      ]
      let old = try DatabaseQueue(path: file)
      try old.write { db in
        for (new, name) in names { try db.execute(sql: "ALTER TABLE results RENAME COLUMN \(new) TO \(name)") }
        for added in ["pages", "pages_per_node_before", "page_kind_before"] {
          try db.execute(sql: "ALTER TABLE results DROP COLUMN \(added)")
        }
        let point = Point(
          sweep: "a", kernel: .dense, seed: 1, hidden: 8, intermediate: 32, output: 8, tokens: 40, threads: 1)
        let row = ResultRow(runID: "r", host: "h", point: point, status: .passed)
        try addPoint(row.pointID, to: db)
        try db.execute(
          sql: """
            INSERT INTO results (run_id, point_id, sweep, status, host, kernel, kernel_version, dtype, tokens, hidden, output,
              threads, cpus, memory_policy, pages_per_node, page_kind)
            VALUES ('r', ?, 'a', 'passed', 'h', 'dense', ?, 'fp32', 40, 8, 8, 1, 'compact', 'node:1', '1:512', 'thp')
            """, arguments: [row.pointID, row.kernelVersion])
      }
      try old.close()
      let row = try #require(try RunStore(path: file, create: false).rows(ResultRow.self).first)
      #expect(row.memoryPolicy == "node:1")
      #expect(row.pagesPerNodeAfter == "1:512" && row.pagesPerNodeBefore == nil)
      #expect(row.pageKindAfter == .transparentHuge && row.pages == nil)
    }
  }

  @Test(arguments: [
    ("INSERT INTO results SELECT * FROM results", "expected one result a point"),
    ("UPDATE results SET point_id = 'zzz' WHERE rowid = 1", "expected a point of the run"),
    ("DELETE FROM results", "expected a result of each point that is done"),
  ])
  func `results that are not those of the points are refused`(edit: String, expected: String) throws {
    try withTemporaryDirectory { path in
      let run = try open(path)
      for point in run.plan.points {
        let row = ResultRow(runID: "r", host: "h", point: point, status: .passed)
        try run.store.finish(PointOutcome(result: row))
      }
      try run.store.close()
      #expect(throws: Never.self) { try RunDirectory(opening: path) }
      let database = try DatabaseQueue(path: path + "/results.sqlite")
      try database.write { try $0.execute(sql: edit) }
      try database.close()
      let error = #expect(throws: InputError.self) { try RunDirectory(opening: path) }
      #expect(error.map { "\($0)" }?.contains(expected) == true, "\(String(describing: error))")
    }
  }

  @Test func `counters of an older tool get a socket that is not known, and metrics a table`() throws {
    try withTemporaryDirectory { path in
      let file = path + "/results.sqlite"
      try RunStore(path: file, create: true, version: "5").close()
      let old = try DatabaseQueue(path: file)
      try old.write { db in
        try db.execute(sql: "ALTER TABLE counters DROP COLUMN socket")
        try db.execute(
          sql: """
            INSERT INTO counters (run_id, point_id, launch, thread, "group", event, value, quality)
            VALUES ('r', 'p', 0, 1, 'software', 'perf::PAGE-FAULTS', 7, 'exact')
            """)
      }
      try old.close()
      let store = try RunStore(path: file, create: false)
      let row = try #require(try store.rows(CounterRow.self).first)
      #expect(row.value == 7 && row.thread == 1 && row.socket == nil)
      #expect(try store.rows(MetricRow.self).isEmpty)
    }
  }

  @Test func `look-ups of an older tool had a projection in fp32`() throws {
    try withTemporaryDirectory { path in
      let file = path + "/results.sqlite"
      try RunStore(path: file, create: true, version: "5").close()
      let old = try DatabaseQueue(path: file)
      try old.write { db in
        try db.execute(sql: "ALTER TABLE results DROP COLUMN projection_dtype")
        for kernel in ["lookup", "dense"] {
          try addPoint(kernel, to: db)
          try db.execute(
            sql: """
              INSERT INTO results (run_id, point_id, sweep, status, host, kernel, kernel_version, dtype, tokens, hidden,
                output, threads, cpus, memory)
              VALUES ('r', ?, 'a', 'passed', 'h', ?, '2', 'fp32', 40, 8, 8, 1, 'compact', 'local')
              """, arguments: [kernel, kernel])
        }
      }
      try old.close()
      let rows = try RunStore(path: file, create: false).rows(ResultRow.self)
      #expect(rows.map(\.kernel) == [.lookup, .dense])
      #expect(rows.map { $0.text("projection_dtype") } == ["fp32", nil])
    }
  }

  @Test func `a database of a tool that knew fewer parameters of a network gets their columns when it is opened`()
    throws
  {
    try withTemporaryDirectory { path in
      let run = try open(path)
      let row = ResultRow(runID: "r", host: "h", point: run.plan.points[0], status: .passed)
      try run.store.finish(PointOutcome(result: row))
      try run.store.close()
      let file = path + "/results.sqlite"
      let old = try DatabaseQueue(path: file)
      for column in ["codes", "intermediate"] {
        try old.write { try $0.execute(sql: "ALTER TABLE results DROP COLUMN \(column)") }
      }
      try old.close()
      let store = try RunStore(reading: file)
      #expect(try store.rows(ResultRow.self).map { $0.text("codes") } == [nil])
      #expect(try store.csv(ResultRow.self).hasPrefix(ResultRow.columns.joined(separator: ",") + "\n"))
    }
  }

  @Test func `columns of results keep the order of the first version, and say each thing once`() {
    let columns = ResultRow.columns
    #expect(Set(columns).count == columns.count)
    #expect(columns.firstIndex(of: "projection").map { columns[$0 + 1] } == "projection_dtype")
    #expect(columns.firstIndex(of: "intermediate").map { columns[$0 + 1] } == "output")
    #expect(columns.firstIndex(of: "tuned").map { columns[$0 + 1] } == "threads")
    #expect(columns.firstIndex(of: "codes").map { columns[$0 + 1] } == "code_entropy_bits")
  }

  @Test func `ceilings, facts and projections are replaced as a whole`() throws {
    try withTemporaryDirectory { path in
      let run = try open(path)
      let ceiling = CeilingRow(name: "fma_peak", threads: 1, value: 241, unit: "GFLOP/s")
      try run.store.replace(ceilings: [ceiling, ceiling])
      try run.store.replace(ceilings: [ceiling])
      #expect(try run.store.rows(CeilingRow.self) == [ceiling])
      let start = FactRow(when: .start, name: "governor", reason: "no cpufreq")
      let end = FactRow(when: .end, name: "governor", value: "performance")
      try run.store.replace(facts: [start], at: .start)
      try run.store.replace(facts: [end], at: .end)
      try run.store.replace(facts: [start], at: .start)
      #expect(Set(try run.store.rows(FactRow.self).map(\.when)) == [.start, .end])
    }
  }
}
