import Foundation
import GRDB
import InputFiles

/// results.sqlite: everything a run has measured so far. One process writes; finishing a point is one transaction, so that
/// a run that is killed loses at most the point it was measuring.
public final class RunStore {
  /// Raised with every migration.
  public static let schemaVersion = 8

  let database: DatabaseQueue
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
      // A second reader, or a report beside a run, waits for the other's transaction instead of failing.
      configuration.busyMode = .timeout(10)
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

  static let rowTypes: [any RunRow.Type] = [
    ResultRow.self, SampleRow.self, CounterRow.self, MetricRow.self, ProjectionRow.self, SensitivityRow.self,
    StageRow.self, CeilingRow.self, AuditRow.self, TuningRow.self, FactRow.self, AttemptRow.self, SentinelRow.self,
  ]
  /// Tables with what came of a point. Attempts tell how, and stay.
  static let outcomeTypes = rowTypes.filter { $0.columns.contains("point_id") && $0.table != AttemptRow.table }

  // MARK: - Points

  /// Registers the points of `plan` that the store does not know yet: all, or those in `ids`.
  public func add(_ plan: Plan, only ids: Set<String>? = nil) throws {
    try database.write { db in
      for point in plan.points where ids?.contains(point.id) != false {
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
      for type in Self.outcomeTypes { try Self.delete(type, of: id, in: db) }
      try outcome.result.insert(db)
      for rows in outcome.rows { for row in rows { try row.insert(db) } }
      try db.execute(
        sql: "UPDATE points SET status = ?, reason = ? WHERE id = ?",
        arguments: [PointStatus(outcome.result.status).rawValue, outcome.result.reason, id])
    }
  }

  /// Stores what the model says of a point that nobody measures, in one transaction; the point is skipped for `reason` where
  /// it says nothing.
  func finish(_ pointID: String, projected: Projector.Outcome?, reason: String?) throws {
    try database.write { db in
      for type in Self.outcomeTypes { try Self.delete(type, of: pointID, in: db) }
      for row in projected?.rows ?? [] { try row.insert(db) }
      for row in projected?.sensitivities ?? [] { try row.insert(db) }
      for row in projected?.stages ?? [] { try row.insert(db) }
      try Self.set(projected == nil ? .skipped : .done, projected == nil ? reason : nil, of: pointID, in: db)
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

  /// The database's own complaints; none for one that is intact.
  func integrityProblems() throws -> [String] {
    try database.read { db in
      try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
    }
  }

  static func delete(_ type: any RunRow.Type, of pointID: String, in db: Database) throws {
    try db.execute(sql: "DELETE FROM \(type.table) WHERE point_id = ?", arguments: [pointID])
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

  /// Replaces whole tables in one transaction.
  func replaceAll<each Rows: RunRow>(_ tables: repeat [each Rows]) throws {
    func replace<Row: RunRow>(_ rows: [Row], _ db: Database) throws {
      try db.execute(sql: "DELETE FROM \(Row.table)")
      for row in rows { try row.insert(db) }
    }
    try database.write { db in repeat try replace(each tables, db) }
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
