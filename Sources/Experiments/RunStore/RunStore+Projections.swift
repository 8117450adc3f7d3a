import GRDB

/// Projections, which are stored beside the measurements and never replace them.
extension RunStore {
  /// Stores the projections of a measured point, replacing earlier ones, and adds their notes to the point's.
  package func add(_ projected: ProjectionOutcome, of pointID: String) throws {
    try write { db in
      try Self.replace(projected, of: pointID, in: db)
      let run = try String.fetchOne(db, sql: "SELECT run_id FROM results WHERE point_id = ?", arguments: [pointID])
      try Self.deleteProjectionNotes(of: pointID, in: db)
      for text in projected.notes {
        try NoteRow(runID: run ?? "", pointID: pointID, kind: .projection, text: text).insert(db)
      }
      try Self.joinNotes(of: pointID, in: db)
    }
  }

  /// Stores the projections of a point that is not to be measured, and ends it: it is done, or skipped for `reason`
  /// where there is no projection.
  package func finish(_ pointID: String, projected: ProjectionOutcome?, reason: String?) throws {
    try write { db in
      try Self.replace(projected ?? ProjectionOutcome(), of: pointID, in: db)
      try Self.set(projected == nil ? .skipped : .done, projected == nil ? reason : nil, of: pointID, in: db)
    }
  }

  private static func replace(_ projected: ProjectionOutcome, of pointID: String, in db: Database) throws {
    for type in modelledTypes { try delete(type, of: pointID, in: db) }
    for row in projected.rows { try row.insert(db) }
    for row in projected.sensitivities { try row.insert(db) }
    for row in projected.stages { try row.insert(db) }
  }

  static func deleteProjectionNotes(of pointID: String, in db: Database) throws {
    try db.execute(
      sql: "DELETE FROM notes WHERE point_id = ? AND kind = ?",
      arguments: [pointID, NoteRow.Kind.projection.rawValue])
  }

  /// Ids of the points that have projections.
  package func projectedPoints() throws -> Set<String> {
    try read { db in
      try String.fetchSet(
        db, sql: "SELECT point_id FROM \(StageRow.storage) UNION SELECT point_id FROM \(ProjectionRow.storage)")
    }
  }

  // MARK: - The views

  /// Makes the views anew that join projections with measurements: `projections` has the measured rate beside the
  /// projections onto the host, `stages` the measured times of the stages.
  static func createViews(in db: Database) throws {
    try createView(
      of: ProjectionRow.self, in: db,
      joined: [
        ProjectionRow.CodingKeys.measuredTokensPerSecond.rawValue: """
        CASE WHEN row.machine = '\(ProjectionRow.hostName)' THEN (SELECT result.tokens_per_s FROM results result
        WHERE result.point_id = row.point_id AND result.status = '\(ResultStatus.passed.rawValue)') END
        """
      ])
    let times = [StageTimeRow.CodingKeys.measuredNanosecondsPerToken, .fastestNanosecondsPerToken].map(\.rawValue)
    try createView(
      of: StageRow.self, in: db,
      joined: Dictionary(
        uniqueKeysWithValues: times.map { column in
          (
            column,
            """
            (SELECT time.\(column) FROM \(StageTimeRow.table) time
            WHERE time.point_id = row.point_id AND time.stage = row.stage)
            """
          )
        }))
  }

  /// `joined` has the SQL of the columns that the stored row does not have itself.
  private static func createView(of type: any RunRow.Type, in db: Database, joined: [String: String]) throws {
    let columns = type.columns.map { "\(joined[$0] ?? "row.\"\($0)\"") AS \"\($0)\"" }
    try db.execute(sql: "DROP VIEW IF EXISTS \(type.table)")
    try db.execute(
      sql: """
        CREATE VIEW \(type.table) AS SELECT row.rowid AS rowid, \(columns.joined(separator: ", "))
        FROM \(type.storage) row
        """)
  }
}
