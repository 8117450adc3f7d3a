import Foundation
import GRDB
import Plans
import Support

/// results.sqlite: everything that a run has measured so far. One process writes; finishing a point is one
/// transaction, so that a run that is killed loses at most the point that it was measuring.
public final class RunStore: Sendable {
  /// Increases with every migration.
  public static let schemaVersion = 11

  let database: DatabaseQueue
  let path: String
  /// Whether the database is a private copy, to which writing is refused.
  private let isCopy: Bool

  /// Opens the database at `path` for writing; makes an empty one where none exists and `create` is set.
  public convenience init(path: String, create: Bool) throws {
    try self.init(path: path, create: create, version: nil)
  }

  /// Migrates only up to `version`, to make databases of older versions.
  init(path: String, create: Bool, version: String?) throws {
    self.path = path
    isCopy = false
    if !create || FileManager.default.fileExists(atPath: path) { try DatabaseCopy.requireDatabase(path) }
    do {
      // The write-ahead log lets reports read during the run. One connection suffices and leaves a single file when
      // it closes; a pool's readers would keep the log open.
      var configuration = Configuration()
      configuration.journalMode = .wal
      // A second reader, or a report during a run, waits for the other's transaction instead of failing.
      configuration.busyMode = .timeout(10)
      database = try DatabaseQueue(path: path, configuration: configuration)
      try Self.prepare(database, path: path, isNew: create, version: version)
    } catch {
      throw Self.readable(error, path)
    }
  }

  /// Opens a copy of the database at `path` as it is now. Nothing at `path` or beside it changes, and the store
  /// refuses writes; see `DatabaseCopy`.
  public init(reading path: String) throws {
    self.path = path
    isCopy = true
    do {
      database = try DatabaseCopy.open(path) { try Self.prepare($0, path: path, isNew: false, version: nil) }
    } catch {
      throw Self.readable(error, path)
    }
  }

  /// Checks that the database is intact and a run's, and migrates it to the current schema.
  private static func prepare(_ database: DatabaseQueue, path: String, isNew: Bool, version: String?) throws {
    if !isNew {
      try database.read { db in
        if let problem = try String.fetchOne(db, sql: "PRAGMA quick_check(1)"), problem != "ok" {
          throw InputError(file: path, "expected a database of a run, found a damaged one: \(oneLine(problem))")
        }
        guard try db.tableExists("points"), try db.tableExists("grdb_migrations") else {
          throw InputError(file: path, "expected a database of a run, found one with other tables")
        }
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard (1...schemaVersion).contains(found) else {
          throw InputError(file: path, "expected schema version 1 to \(schemaVersion), found \(found)")
        }
      }
    }
    if let version { return try migrator.migrate(database, upTo: version) }
    try migrator.migrate(database)
    try database.write(addColumnsOfNetworks)
    try database.read { db in
      let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      guard found == schemaVersion else {
        throw InputError(file: path, "expected schema version \(schemaVersion), found \(found)")
      }
      for type in storedTypes {
        let present = try Set(db.columns(in: type.table).map(\.name))
        for column in type.columns where !present.contains(column) {
          throw InputError(file: path, key: "\(type.table).\(column)", "expected this column, found none")
        }
        if !isNew { try StoredValues.check(type, in: db) }
      }
      if !isNew { try StoredValues.checkPoints(in: db) }
    }
  }

  // MARK: - Errors

  /// Reads in one transaction. Throws `InputError` with the file's name for a damaged file or an invalid value.
  func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
    do { return try database.read(body) } catch { throw Self.readable(error, path) }
  }

  /// Writes in one transaction; throws as `read` does.
  func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
    guard !isCopy else { throw FileNotWritten(path: path, reason: "it was opened for reading") }
    do { return try database.write(body) } catch { throw Self.readable(error, path) }
  }

  /// A full or failing disk is neither bad input nor damage to the file.
  private static func readable(_ error: any Error, _ path: String) -> any Error {
    switch error {
    case let error as StoredValueError:
      return InputError(file: path, key: "\(error.table).\(error.column)", error.message)
    case is RowDecodingError:
      return InputError(file: path, "expected a database of a run, found a value that no run stores")
    case let error as DatabaseError:
      let message = oneLine(error.message ?? "error \(error.resultCode.rawValue)")
      switch error.resultCode {
      case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
        return FileNotWritten(path: path, reason: message)
      case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_NOMEM, .SQLITE_INTERRUPT: return error
      default: return InputError(file: path, "expected a database of a run: \(message)")
      }
    default: return error
    }
  }

  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// Writes the log back into the database, which leaves one file.
  public func close() throws {
    try database.close()
  }

  static let rowTypes: [any RunRow.Type] = [
    ResultRow.self, SampleRow.self, CounterRow.self, MetricRow.self, ProjectionRow.self, SensitivityRow.self,
    StageRow.self, CeilingRow.self, AuditRow.self, TuningRow.self, FactRow.self, AttemptRow.self, SentinelRow.self,
    NoteRow.self,
  ]
  /// All tables of the database; those of `rowTypes` are also exported as CSV.
  static let storedTypes = rowTypes + [StageTimeRow.self]
  /// Tables with a point's outcome. Attempts are a log, and stay.
  static let outcomeTypes = storedTypes.filter { $0.columns.contains("point_id") && $0.table != AttemptRow.table }
  /// Types of the rows that the model makes.
  static let modelledTypes: [any RunRow.Type] = [ProjectionRow.self, SensitivityRow.self, StageRow.self]

  // MARK: - Points

  /// Registers the points of `plan` that the store does not know yet: all, or those in `ids`.
  public func add(_ plan: Plan, only ids: Set<String>? = nil) throws {
    try write { db in
      for point in plan.points where ids?.contains(point.id) != false {
        try db.execute(
          sql: "INSERT OR IGNORE INTO points (id, params, status) VALUES (?, ?, ?)",
          arguments: [point.id, try point.canonicalJSON(), PointStatus.planned.rawValue])
      }
    }
  }

  /// Status of every known point by id.
  public func statuses() throws -> [String: PointStatus] {
    try read { db in
      var statuses: [String: PointStatus] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT id, status FROM points") {
        guard let id = String.fromDatabaseValue(row["id"]) else {
          throw StoredValueError(table: "points", column: "id", message: "expected the id of a point, found none")
        }
        guard let status = String.fromDatabaseValue(row["status"]).flatMap(PointStatus.init) else {
          throw StoredValueError(
            table: "points", column: "status", message: "expected planned, running, done, failed or skipped at '\(id)'")
        }
        statuses[id] = status
      }
      return statuses
    }
  }

  public func markRunning(pointID: String) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE points SET status = ?, reason = NULL WHERE id = ?",
        arguments: [PointStatus.running.rawValue, pointID])
    }
  }

  /// Stores a point's outcome in one transaction, replacing that of any earlier attempt.
  public func finish(_ outcome: PointOutcome) throws {
    let id = outcome.result.pointID
    try write { db in
      for type in Self.outcomeTypes { try Self.delete(type, of: id, in: db) }
      try outcome.result.insert(db)
      for rows in outcome.rows { for row in rows { try row.insert(db) } }
      try Self.joinNotes(of: id, in: db)
      try db.execute(
        sql: "UPDATE points SET status = ?, reason = ? WHERE id = ?",
        arguments: [PointStatus(outcome.result.status).rawValue, outcome.result.reason, id])
    }
  }

  // MARK: - The run as a whole

  /// Replaces the ceilings. They belong to the machine in its present state, so that a resumed run measures them
  /// anew.
  public func replace(ceilings: [CeilingRow]) throws {
    try replaceAll(ceilings)
  }

  /// Replaces the audit of the dense baseline, which belongs to the machine's present state as well.
  public func replace(audit: [AuditRow]) throws {
    try replaceAll(audit)
  }

  /// SQLite's integrity messages; none for an intact database.
  func integrityProblems() throws -> [String] {
    try read { db in
      try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
    }
  }

  static func delete(_ type: any RunRow.Type, of pointID: String, in db: Database) throws {
    try db.execute(sql: "DELETE FROM \(type.storage) WHERE point_id = ?", arguments: [pointID])
  }

  /// Replaces the facts read at `time`.
  public func replace(facts: [FactRow], at time: FactTime) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM facts WHERE \"when\" = ?", arguments: [time.rawValue])
      for row in facts where row.when == time { try row.insert(db) }
    }
  }

  private func replaceAll<Rows: RunRow>(_ rows: [Rows]) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM \(Rows.storage)")
      for row in rows { try row.insert(db) }
    }
  }

  /// A value of the meta table, nil where there is none.
  public func meta(_ key: String) throws -> String? {
    try read { try String.fetchOne($0, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key]) }
  }

  public func setMeta(_ key: String, _ value: String) throws {
    try write {
      try $0.execute(sql: "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", arguments: [key, value])
    }
  }

  // MARK: - Reading

  /// All rows of a type, in the order they were stored.
  public func rows<Rows: RunRow>(_: Rows.Type = Rows.self) throws -> [Rows] {
    try read { try Rows.all($0) }
  }

  /// A whole table as CSV.
  func csv(_ type: any RunRow.Type) throws -> String {
    var writer = CSVWriter(header: type.columns)
    let names = type.columns.map { "\"\($0)\"" }.joined(separator: ", ")
    try read { db in
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
    // A blob is no value of a run and was refused when the rows were decoded.
    case .null, .blob: return nil
    case .int64(let number): return "\(number)"
    case .double(let number):
      // Up to 15 digits, a `Double` holds a whole number exactly.
      return abs(number) < 1e15 ? Int(exactly: number).map(String.init) ?? "\(number)" : "\(number)"
    case .string(let text): return text
    }
  }
}
