import Foundation
import GRDB
import InputFiles

/// results.sqlite: everything a run has measured so far. One process writes; finishing a point is one transaction, so that
/// a run that is killed loses at most the point it was measuring.
public final class RunStore {
  /// Raised with every migration.
  public static let schemaVersion = 6

  private let database: DatabaseQueue
  private let path: String

  /// Opens the database at `path`; makes an empty one where there is none and `create` is set.
  public convenience init(path: String, create: Bool) throws {
    try self.init(path: path, create: create, version: nil)
  }

  /// Migrates up to `version` only, to make databases as older tools left them.
  init(path: String, create: Bool, version: String?) throws {
    self.path = path
    guard create || FileManager.default.fileExists(atPath: path) else { throw InputError(file: path, "no such file") }
    do {
      // The write-ahead log lets a report be made while the run goes on. One connection suffices, and on closing leaves one
      // file; a pool's readers would keep the log open.
      var configuration = Configuration()
      configuration.journalMode = .wal
      database = try DatabaseQueue(path: path, configuration: configuration)
      if let version {
        try Self.migrator.migrate(database, upTo: version)
      } else {
        try Self.migrator.migrate(database)
      }
    } catch let error as DatabaseError {
      throw InputError(file: path, "expected a database of a run: \(error.message ?? "unreadable")")
    }
    let version = try database.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
    guard version <= Self.schemaVersion else {
      throw InputError(file: path, "expected schema version \(Self.schemaVersion) or older, found \(version)")
    }
  }

  /// Writes the log back into the database, which leaves one file.
  public func close() throws {
    try database.close()
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(sql: "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
      try db.execute(
        sql: "CREATE TABLE points (id TEXT PRIMARY KEY, params TEXT NOT NULL, status TEXT NOT NULL, reason TEXT)")
      let first: [any RunRow.Type] = [
        ResultRow.self, SampleRow.self, CounterRow.self, ProjectionRow.self, StageRow.self, CeilingRow.self,
        FactRow.self,
      ]
      for type in first { try create(type, in: db) }
      for type in first where type.columns.contains("point_id") {
        try db.execute(sql: "CREATE INDEX \(type.table)_point ON \(type.table) (point_id)")
      }
      try db.execute(sql: "PRAGMA user_version = 1")
    }
    migrator.registerMigration("2") { db in
      try create(AuditRow.self, in: db)
      try db.execute(sql: "PRAGMA user_version = 2")
    }
    migrator.registerMigration("3") { db in
      try rename("memory_policy", to: "memory", of: ResultRow.self, in: db)
      try rename("pages_per_node", to: "pages_per_node_after", of: ResultRow.self, in: db)
      try rename("page_kind", to: "page_kind_after", of: ResultRow.self, in: db)
      try addMissingColumns(of: ResultRow.self, in: db)
      try db.execute(sql: "PRAGMA user_version = 3")
    }
    migrator.registerMigration("4") { db in
      try create(SensitivityRow.self, in: db)
      try addMissingColumns(of: ProjectionRow.self, in: db)
      try db.execute(sql: "PRAGMA user_version = 4")
    }
    migrator.registerMigration("5") { db in
      try create(TuningRow.self, in: db)
      try db.execute(sql: "CREATE INDEX tuning_point ON tuning (point_id)")
      try addMissingColumns(of: ResultRow.self, in: db)
      try db.execute(sql: "PRAGMA user_version = 5")
    }
    migrator.registerMigration("6") { db in
      try create(MetricRow.self, in: db)
      try db.execute(sql: "CREATE INDEX metrics_point ON metrics (point_id)")
      try addMissingColumns(of: CounterRow.self, in: db)
      try addMissingColumns(of: ResultRow.self, in: db)
      // Older tools had no other projection.
      try db.execute(sql: "UPDATE results SET projection_dtype = 'fp32' WHERE kernel = 'lookup'")
      try db.execute(sql: "PRAGMA user_version = 6")
    }
    return migrator
  }

  /// A table made by an older tool has a column under its old name; one that was made just now has not.
  private static func rename(_ old: String, to new: String, of type: any RunRow.Type, in db: Database) throws {
    guard try db.columns(in: type.table).contains(where: { $0.name == old }) else { return }
    try db.execute(sql: "ALTER TABLE \(type.table) RENAME COLUMN \"\(old)\" TO \"\(new)\"")
  }

  /// A table made by an older tool lacks the columns that its rows got since.
  private static func addMissingColumns(of type: any RunRow.Type, in db: Database) throws {
    let present = Set(try db.columns(in: type.table).map(\.name))
    for column in type.columns where !present.contains(column) {
      try db.execute(sql: "ALTER TABLE \(type.table) ADD COLUMN \"\(column)\"")
    }
  }

  static let rowTypes: [any RunRow.Type] = [
    ResultRow.self, SampleRow.self, CounterRow.self, MetricRow.self, ProjectionRow.self, SensitivityRow.self,
    StageRow.self, CeilingRow.self, AuditRow.self, TuningRow.self, FactRow.self,
  ]

  /// Columns carry no type: SQLite then keeps integers, reals and text as they were given.
  private static func create(_ type: any RunRow.Type, in db: Database) throws {
    let columns = type.columns.map { "\"\($0)\"" }.joined(separator: ", ")
    try db.execute(sql: "CREATE TABLE \(type.table) (\(columns))")
  }

  // MARK: - Points

  /// Registers the points of `plan` that the store does not know yet.
  public func add(_ plan: Plan) throws {
    try database.write { db in
      for point in plan.points {
        try db.execute(
          sql: "INSERT OR IGNORE INTO points (id, params, status) VALUES (?, ?, ?)",
          arguments: [point.id, try point.canonicalJSON(), PointStatus.planned.rawValue])
      }
    }
  }

  /// Status of every known point by id.
  public func statuses() throws -> [String: PointStatus] {
    try database.read { db in
      var statuses: [String: PointStatus] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT id, status FROM points") {
        statuses[row["id"]] = PointStatus(rawValue: row["status"])
      }
      return statuses
    }
  }

  public func markRunning(pointID: String) throws {
    try database.write { db in
      try db.execute(
        sql: "UPDATE points SET status = ?, reason = NULL WHERE id = ?",
        arguments: [PointStatus.running.rawValue, pointID])
    }
  }

  /// Stores all that came of a point in one transaction, in place of any earlier attempt.
  public func finish(_ outcome: PointOutcome) throws {
    let id = outcome.result.pointID
    try database.write { db in
      for type in Self.rowTypes where type.columns.contains("point_id") {
        try db.execute(sql: "DELETE FROM \(type.table) WHERE point_id = ?", arguments: [id])
      }
      try outcome.result.insert(db)
      for row in outcome.samples { try row.insert(db) }
      for row in outcome.counters { try row.insert(db) }
      for row in outcome.metrics { try row.insert(db) }
      for row in outcome.stages { try row.insert(db) }
      for row in outcome.projections { try row.insert(db) }
      for row in outcome.tuning { try row.insert(db) }
      for row in outcome.sensitivities { try row.insert(db) }
      try db.execute(
        sql: "UPDATE points SET status = ?, reason = ? WHERE id = ?",
        arguments: [PointStatus(outcome.result.status).rawValue, outcome.result.reason, id])
    }
  }

  // MARK: - The run as a whole

  /// Replaces the ceilings: they belong to the machine in its present state, so that a resumed run measures them anew.
  public func replace(ceilings: [CeilingRow]) throws {
    try replaceAll(ceilings)
  }

  /// Replaces the audit of the dense baseline, which belongs to the machine likewise.
  public func replace(audit: [AuditRow]) throws {
    try replaceAll(audit)
  }

  /// Replaces all projections, as when other machines are asked for.
  public func replace(projections: [ProjectionRow]) throws {
    try replaceAll(projections)
  }

  /// Replaces the facts read at `time`.
  public func replace(facts: [FactRow], at time: FactTime) throws {
    try database.write { db in
      try db.execute(sql: "DELETE FROM facts WHERE \"when\" = ?", arguments: [time.rawValue])
      for row in facts where row.when == time { try row.insert(db) }
    }
  }

  private func replaceAll<Rows: RunRow>(_ rows: [Rows]) throws {
    try database.write { db in
      try db.execute(sql: "DELETE FROM \(Rows.table)")
      for row in rows { try row.insert(db) }
    }
  }

  /// A value of the meta table, nil where there is none.
  public func meta(_ key: String) throws -> String? {
    try database.read { try String.fetchOne($0, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key]) }
  }

  public func setMeta(_ key: String, _ value: String) throws {
    try database.write {
      try $0.execute(sql: "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", arguments: [key, value])
    }
  }

  // MARK: - Reading

  /// All rows of a type, in the order they were stored.
  public func rows<Rows: RunRow>(_: Rows.Type = Rows.self) throws -> [Rows] {
    try database.read { try Rows.fetchAll($0, sql: "SELECT * FROM \(Rows.table) ORDER BY rowid") }
  }

  /// A whole table as CSV.
  func csv(_ type: any RunRow.Type) throws -> String {
    var writer = CSVWriter(header: type.columns)
    let names = type.columns.map { "\"\($0)\"" }.joined(separator: ", ")
    try database.read { db in
      let rows = try Row.fetchCursor(db, sql: "SELECT \(names) FROM \(type.table) ORDER BY rowid")
      while let row = try rows.next() {
        writer.append(row.databaseValues.map(\.csvCell))
      }
    }
    return writer.text
  }
}

/// All that comes of running one point.
public struct PointOutcome {
  public var result: ResultRow
  public var samples: [SampleRow]
  public var counters: [CounterRow]
  public var metrics: [MetricRow]
  public var stages: [StageRow]
  public var projections: [ProjectionRow]
  public var sensitivities: [SensitivityRow]
  public var tuning: [TuningRow]

  public init(
    result: ResultRow, samples: [SampleRow] = [], counters: [CounterRow] = [], metrics: [MetricRow] = [],
    stages: [StageRow] = [], projections: [ProjectionRow] = [], sensitivities: [SensitivityRow] = [],
    tuning: [TuningRow] = []
  ) {
    self.result = result
    self.samples = samples
    self.counters = counters
    self.metrics = metrics
    self.stages = stages
    self.projections = projections
    self.sensitivities = sensitivities
    self.tuning = tuning
  }
}

extension DatabaseValue {
  /// Numbers in their shortest exact spelling; nil for NULL.
  fileprivate var csvCell: String? {
    switch storage {
    case .null, .blob: return nil
    case .int64(let number): return "\(number)"
    case .double(let number): return number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
    case .string(let text): return text
    }
  }
}
