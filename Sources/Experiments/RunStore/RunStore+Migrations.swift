import Foundation
import GRDB
import Kernels

/// Migrations of older databases to the current schema: one for each schema version, never changed once released.
extension RunStore {
  static var migrator: DatabaseMigrator {
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
      // Older versions had no other type of hash projection.
      try db.execute(sql: "UPDATE results SET projection_dtype = 'fp32' WHERE kernel = 'lookup'")
      try db.execute(sql: "PRAGMA user_version = 6")
    }
    migrator.registerMigration("7") { db in
      for type in [AttemptRow.self, SentinelRow.self] as [any RunRow.Type] { try create(type, in: db) }
      try db.execute(sql: "CREATE INDEX attempts_point ON attempts (point_id)")
      try addMissingColumns(of: ResultRow.self, in: db)
      try db.execute(sql: "PRAGMA user_version = 7")
    }
    migrator.registerMigration("8") { db in
      try addMissingColumns(of: StageRow.self, in: db)
      try db.execute(sql: "PRAGMA user_version = 8")
    }
    migrator.registerMigration("9") { db in
      try create(NoteRow.self, in: db)
      try db.execute(sql: "CREATE INDEX notes_point ON notes (point_id)")
      for row in try Row.fetchAll(db, sql: "SELECT run_id, point_id, notes FROM results WHERE notes IS NOT NULL") {
        guard let text = String.fromDatabaseValue(row["notes"]), let run = String.fromDatabaseValue(row["run_id"]),
          let point = String.fromDatabaseValue(row["point_id"])
        else { continue }
        for note in text.components(separatedBy: "; ") {
          let (kind, launch) = meaning(of: note)
          try NoteRow(runID: run, pointID: point, launch: launch, kind: kind, text: note).insert(db)
        }
      }
      try db.execute(sql: "PRAGMA user_version = 9")
    }
    migrator.registerMigration("10") { db in
      // Stage times have a table of their own, and are joined when they are read.
      try create(StageTimeRow.self, in: db)
      try db.execute(
        sql: """
          INSERT INTO stage_times (point_id, stage, measured_ns_per_token, fastest_ns_per_token)
          SELECT point_id, stage, measured_ns_per_token, fastest_ns_per_token FROM stages
          WHERE measured_ns_per_token IS NOT NULL
          """)
      try db.execute(sql: "CREATE INDEX stage_times_point ON stage_times (point_id)")
      for type in [ProjectionRow.self, StageRow.self] as [any RunRow.Type] {
        try db.execute(sql: "ALTER TABLE \(type.table) RENAME TO \(type.storage)")
      }
      try createViews(in: db)
      try db.execute(sql: "PRAGMA user_version = 10")
    }
    migrator.registerMigration("11") { db in
      // Older tools projected from simulated traffic alone.
      try db.execute(sql: "DROP VIEW IF EXISTS \(ProjectionRow.table)")
      let present = Set(try db.columns(in: ProjectionRow.storage).map(\.name))
      for column in ["traffic", "traffic_sources"] where !present.contains(column) {
        try db.execute(sql: "ALTER TABLE \(ProjectionRow.storage) ADD COLUMN \(column)")
      }
      try db.execute(sql: "UPDATE \(ProjectionRow.storage) SET traffic = 'simulated' WHERE traffic IS NULL")
      try createViews(in: db)
      try db.execute(sql: "PRAGMA user_version = 11")
    }
    return migrator
  }

  /// Adds the columns of networks and parameters that an older version did not know; these need no schema version.
  static func addColumnsOfNetworks(in db: Database) throws {
    try addMissingColumns(of: ResultRow.self, only: Networks.columns.map(\.name), in: db)
    try addMissingColumns(of: TuningRow.self, only: Networks.strategyColumns.map(\.name), in: db)
  }

  /// The kind of note and the launch of an older version's text, by the words that version used; other texts are
  /// `note`.
  private static func meaning(of text: String) -> (kind: NoteRow.Kind, launch: Int?) {
    if let drift = text.firstMatch(of: #/^the machine's speed moved beside launch (\d+):/#) {
      return (.drift, Int(drift.1))
    }
    let beginnings: [(String, NoteRow.Kind)] = [
      ("launches differ more than", .launches), ("not projected", .projection), ("pages moved during", .placement),
      ("the share of huge pages changed", .placement), ("the bf16 projection ran widened", .arithmetic),
    ]
    if let known = beginnings.first(where: { text.hasPrefix($0.0) }) { return (known.1, nil) }
    return (text.contains(" tokens not compared: ") ? .check : .note, nil)
  }

  /// Renames a column that a table of an older version has; a table that was just made does not have it.
  private static func rename(_ old: String, to new: String, of type: any RunRow.Type, in db: Database) throws {
    guard try db.columns(in: type.table).contains(where: { $0.name == old }) else { return }
    try db.execute(sql: "ALTER TABLE \(type.table) RENAME COLUMN \"\(old)\" TO \"\(new)\"")
  }

  /// Adds the columns that a table of an older version lacks.
  private static func addMissingColumns(
    of type: any RunRow.Type, only names: [String]? = nil, in db: Database
  ) throws {
    let present = Set(try db.columns(in: type.table).map(\.name))
    for column in names ?? type.columns where !present.contains(column) {
      try db.execute(sql: "ALTER TABLE \(type.table) ADD COLUMN \"\(column)\"")
    }
  }

  /// Columns have no type, so that SQLite keeps integers, reals and text as they were given.
  private static func create(_ type: any RunRow.Type, in db: Database) throws {
    let columns = type.columns.map { "\"\($0)\"" }.joined(separator: ", ")
    try db.execute(sql: "CREATE TABLE \(type.table) (\(columns))")
  }
}
