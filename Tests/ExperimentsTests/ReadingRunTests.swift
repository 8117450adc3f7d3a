import Foundation
import GRDB
import Support
import Testing

@testable import Plans
@testable import RunStore
@testable import Statistics
@testable import Studies

/// Reading a run changes nothing in its directory, and reports damage.
@Suite struct ReadingRunTests {
  private static let body = "sweeps: [{name: a, axes: {kernel: [dense, lookup], tokens: [8, 16]}}]"

  private func start(_ path: String, toolVersion: String = "1", layers: [String: String]? = nil) throws -> RunDirectory
  {
    let experiment = try experiment(Self.body)
    return try RunDirectory.createOrResume(
      at: path, plan: Plan(experiment, cpuCount: 1),
      manifest: Manifest(
        experiment: experiment, commandLine: [], host: "h", toolVersion: toolVersion, layers: layers))
  }

  /// Stores every point with samples and their statistics.
  private func measure(_ run: RunDirectory) throws {
    for (index, point) in run.plan.points.enumerated() {
      let walls = (0..<7).map { Double(1000 + 10 * $0 + index) }
      var result = ResultRow(runID: run.manifest.runID, host: "h", point: point, status: .passed)
      result.set(try #require(Statistics(walls)), stopReason: .maxSeconds)
      let samples = walls.enumerated().map {
        SampleRow(
          runID: run.manifest.runID, pointID: point.id, launch: 0, sample: $0, orderIndex: 7 * index + $0,
          startNanoseconds: $0, wallNanoseconds: $1, outlier: false)
      }
      try run.store.finish(PointOutcome(result: result, samples: samples))
    }
  }

  /// Names, bytes and times of everything in `path`, including `path` itself.
  private func state(_ path: String) throws -> [String: String] {
    var state: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: path) + ["."] {
      var status = stat()
      #expect(lstat("\(path)/\(name)", &status) == 0)
      let bytes = name == "." ? nil : FileManager.default.contents(atPath: "\(path)/\(name)")
      state[name] = "\(bytes?.hashValue ?? 0) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(status.st_ino)"
    }
    return state
  }

  /// Changes the database without the tool.
  private func edit(_ path: String, _ sql: String) throws {
    let queue = try DatabaseQueue(path: "\(path)/results.sqlite")
    try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
    try queue.close()
  }

  @Test func `reading a finished run changes no byte and no time`() throws {
    try withTemporaryDirectory { path in
      do { try measure(start(path)) }
      let before = try state(path)
      #expect(before["results.sqlite-wal"] == nil)
      let run = try RunDirectory(opening: path)
      #expect(try run.store.rows(ResultRow.self).count == 4 && run.store.rows(SampleRow.self).count == 28)
      #expect(throws: (any Error).self) { try run.store.setMeta("a", "b") }
      #expect(try run.disagreements().isEmpty)
      #expect(try state(path) == before)
    }
  }

  @Test func `a log that was not folded in is read, beside its writer and without one`() throws {
    try withTemporaryDirectory { parent in
      let path = "\(parent)/run"
      let writer = try start(path)
      try measure(writer)
      let before = try state(path)
      #expect(before["results.sqlite-wal"] != nil)
      #expect(try RunDirectory(opening: path).store.rows(ResultRow.self).count == 4)
      #expect(try state(path) == before)
      // The state left by a snapshot or a killed run: a log without an index.
      try FileManager.default.copyItem(atPath: path, toPath: "\(parent)/copy")
      try FileManager.default.removeItem(atPath: "\(parent)/copy/results.sqlite-shm")
      let copied = try state("\(parent)/copy")
      #expect(try RunDirectory(opening: "\(parent)/copy").store.rows(ResultRow.self).count == 4)
      #expect(try state("\(parent)/copy") == copied)
      withExtendedLifetime(writer) {}
    }
  }

  @Test func `a run under way reads as one of its states, however its writer goes on`() throws {
    try withTemporaryDirectory { path in
      let writer = try start(path)
      try measure(writer)
      // Each transaction writes one number into both tables; a torn copy would hold two.
      let done = DispatchSemaphore(value: 0)
      let store = writer.store
      DispatchQueue.global().async {
        for round in 1...300 {
          try? store.write { db in
            try db.execute(sql: "UPDATE samples SET order_index = ?", arguments: [round])
            try db.execute(sql: "UPDATE points SET reason = ?", arguments: ["\(round)"])
            if round % 20 == 0 {
              try db.execute(sql: "UPDATE meta SET value = hex(randomblob(200000)) WHERE key = 'holder'")
            }
          }
          if round % 7 == 0 { try? store.database.writeWithoutTransaction { _ = try $0.checkpoint(.passive) } }
        }
        done.signal()
      }
      var reads = 0
      while done.wait(timeout: .now()) == .timedOut, reads < 40 {
        let (samples, points) = try RunStore(reading: "\(path)/results.sqlite").read { db in
          (
            try Set(Int.fetchAll(db, sql: "SELECT order_index FROM samples")),
            try Set(String.fetchAll(db, sql: "SELECT reason FROM points WHERE reason IS NOT NULL"))
          )
        }
        reads += 1
        if points.isEmpty { continue }
        #expect(samples.count == 1 && Set(samples.map(String.init)) == points)
      }
      #expect(reads > 0)
    }
  }

  @Test func `a database of an older tool is read without being migrated`() throws {
    try withTemporaryDirectory { path in
      let file = "\(path)/results.sqlite"
      try RunStore(path: file, create: true, version: "5").close()
      let before = try state(path)
      #expect(try RunStore(reading: file).rows(MetricRow.self).isEmpty)
      #expect(try state(path) == before)
    }
  }

  @Test(arguments: [
    ("UPDATE ceilings SET value = 9e999", "ceilings.value: expected a number above 0 (1e-30 to 1e18), found inf"),
    ("UPDATE ceilings SET value = 1e308", "ceilings.value: expected a number above 0 (1e-30 to 1e18), found 1e+308"),
    ("UPDATE samples SET wall_ns = 0", "samples.wall_ns: expected a number above 0 (1e-30 to 1e18), found 0"),
    ("UPDATE samples SET wall_ns = NULL", "samples.wall_ns: expected a number above 0 (1e-30 to 1e18), found nothing"),
    ("UPDATE samples SET launch = 'x'", "samples.launch: expected a whole number from 0 to 1099511627776, found 'x'"),
    ("UPDATE samples SET order_index = 3.7", "samples.order_index: expected a whole number"),
    ("UPDATE samples SET point_id = NULL", "samples.point_id: expected text, found nothing"),
    ("UPDATE results SET n = -9223372036854775808", "results.n: expected a whole number from 1 to"),
    ("UPDATE results SET tokens = 9223372036854775807", "results.tokens: expected a whole number from 1 to"),
    ("UPDATE results SET outliers = -1", "results.outliers: expected a whole number from 0 to"),
    ("UPDATE results SET median_ns = 1e-320", "results.median_ns: expected a number above 0"),
    ("UPDATE results SET kernel_version = 9e999", "results.kernel_version: expected text, found inf"),
    ("UPDATE results SET kernel = 'x'", "results.kernel: expected a value that a run stores"),
    ("UPDATE results SET status = NULL", "results.status: expected a value that a run stores"),
    ("UPDATE points SET status = 'x'", "points.status: expected planned, running, done, failed or skipped"),
    ("ALTER TABLE results RENAME COLUMN median_ns TO zz", "results.median_ns: expected this column, found none"),
    ("DROP TABLE samples", "expected"),
    ("PRAGMA user_version = 12", "expected schema version 1 to 11, found 12"),
    ("PRAGMA user_version = -1", "expected schema version 1 to 11, found -1"),
  ])
  func `a value that no run stores is refused with file, table and column`(sql: String, expected: String) throws {
    try withTemporaryDirectory { path in
      do {
        let run = try start(path)
        try measure(run)
        try run.store.replace(ceilings: [CeilingRow(name: "fma_peak", threads: 1, value: 241, unit: "GFLOP/s")])
      }
      try edit(path, sql)
      for open in [{ try RunDirectory(opening: path) }, { try self.start(path) }] {
        #expect {
          let run = try open()
          _ = try (run.store.statuses(), run.store.rows(ResultRow.self), run.store.rows(SampleRow.self))
        } throws: {
          $0 is InputError && "\($0)".hasPrefix("\(path)/results.sqlite: \(expected)")
        }
      }
    }
  }

  @Test(arguments: ["quick-0.1", "two-socket-synthetic"])
  func `every value of a published run keeps its column's rule, and results are those of the samples`(name: String)
    throws
  {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    // Without a rule, a column with a number would be refused as text.
    let run = try RunDirectory(opening: root.appendingPathComponent("Tests/Fixtures/runs/\(name)").path)
    #expect(try run.disagreements().isEmpty)
  }

  @Test(arguments: ["", "SQLite format 4\0", "text"])
  func `a file that is no database is refused for reading and writing`(text: String) throws {
    try withTemporaryDirectory { path in
      do { _ = try start(path) }
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/results.sqlite"))
      for open in [{ try RunDirectory(opening: path) }, { try self.start(path) }] {
        #expect {
          try open()
        } throws: {
          "\($0)".hasPrefix("\(path)/results.sqlite: expected a database of a run, found ")
        }
      }
      #expect(FileManager.default.contents(atPath: "\(path)/results.sqlite") == Data(text.utf8))
    }
  }

  // MARK: - Results that are not those of their samples

  @Test(arguments: [
    "median_ns = median_ns / 2", "n = 50", "min_ns = 1", "tokens_per_s = tokens_per_s * 2", "ci95_low_ns = NULL",
    "median_ns = NULL, n = NULL",
  ])
  func `a result that was edited is named`(change: String) throws {
    try withTemporaryDirectory { path in
      do { try measure(start(path)) }
      #expect(try RunDirectory(opening: path).disagreementWarning() == nil)
      try edit(path, "UPDATE results SET \(change) WHERE rowid = 2")
      let run = try RunDirectory(opening: path)
      let point = run.plan.points[1]
      #expect(try run.disagreements() == [point])
      let warning = try #require(try run.disagreementWarning())
      #expect(
        warning.hasPrefix("\(path): stored results do not agree") && warning.hasSuffix("one point: \(point.label)"))
      #expect(try ComparisonSide(path).warnings == [warning])
    }
  }

  @Test func `samples that are gone are a disagreement`() throws {
    try withTemporaryDirectory { path in
      do { try measure(start(path)) }
      try edit(path, "DELETE FROM samples WHERE order_index < 7")
      let run = try RunDirectory(opening: path)
      #expect(try run.disagreements() == [run.plan.points[0]])
    }
  }

  @Test func `one sample has no spread`() throws {
    let statistics = try #require(Statistics([5]))
    #expect(statistics.median == 5 && statistics.minimum == 5)
    #expect(statistics.interquartileRange == nil && statistics.medianAbsoluteDeviation == nil)
    #expect(statistics.interval == nil && statistics.outliers == [false])
    #expect(LaunchVariance([[5], [6]]) == nil)
    #expect(LaunchVariance([[5], [6, 7]]) != nil)
  }

  // MARK: - Resuming

  @Test func `another version of the tool goes on and says so`() throws {
    try withTemporaryDirectory { path in
      do {
        let run = try start(path)
        #expect(run.notes.isEmpty)
      }
      do {
        let run = try start(path, toolVersion: "2")
        #expect(
          run.notes == ["the run was measured by version 1 of this tool so far, and version 2 goes on with it"])
      }
      let run = try start(path, toolVersion: "2")
      #expect(run.notes.isEmpty)
      #expect(run.manifest.toolVersion == "1" && run.manifest.continuedWith == ["2"])
    }
  }

  @Test func `a layer whose content changed is another run, and one that is not known is none`() throws {
    try withTemporaryDirectory { path in
      do { _ = try start(path, layers: ["a.safetensors": "01"]) }
      do { _ = try start(path, layers: ["a.safetensors": "01"]) }
      do { _ = try start(path) }
      #expect {
        try start(path, layers: ["a.safetensors": "02"])
      } throws: {
        "\($0)".contains("--restart")
          && "\($0)".hasSuffix(":\n  - layer a.safetensors: content 01\n  + layer a.safetensors: content 02")
      }
    }
  }

  @Test func `a layer's content is hashed, whatever its file is called`() throws {
    try withTemporaryDirectory { path in
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      let layer = root.appendingPathComponent("Fixtures/lookupffn-bh4-d128.safetensors").path
      func content(_ file: String) throws -> String? {
        let experiment = try experiment("sweeps: [{name: a, set: {kernel: lookup, layer: \(file)}}]")
        return try Plan(experiment, cpuCount: 1).layerContents(experiment)?[file]
      }
      let copy = "\(path)/copy.safetensors"
      try FileManager.default.copyItem(atPath: layer, toPath: copy)
      let first = try #require(try content(layer))
      #expect(first.count == 16)
      #expect(try content(copy) == first)
      var data = try Data(contentsOf: URL(fileURLWithPath: copy))
      data[data.count - 1] ^= 1
      try data.write(to: URL(fileURLWithPath: copy))
      #expect(try content(copy) != first)
    }
  }
}
