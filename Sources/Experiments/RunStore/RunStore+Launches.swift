import Foundation
import GRDB
import Plans

/// Launches and their attempts. Each function is one transaction, so that a run that is killed at any moment has
/// stored either all of a launch or nothing of it.
extension RunStore {
  // MARK: - The writer

  private static let holderKey = "holder"

  /// Stores that this process writes.
  func setHolder() throws {
    try setMeta(Self.holderKey, CanonicalJSON.encode(RunHolder.current()))
  }

  func holder() throws -> RunHolder? {
    try meta(Self.holderKey).flatMap { try? CanonicalJSON.decode(RunHolder.self, from: $0) }
  }

  // MARK: - What is there

  /// The key of a launch: one process of a point.
  package struct LaunchKey: Hashable {
    package var pointID: String
    package var launch: Int

    package init(pointID: String, launch: Int) {
      self.pointID = pointID
      self.launch = launch
    }
  }

  /// Launches that are measured. A point that failed has none, since its measurements are removed.
  package func measuredLaunches() throws -> Set<LaunchKey> {
    try read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT DISTINCT point_id, launch FROM samples")
      return Set(rows.map { LaunchKey(pointID: $0["point_id"], launch: $0["launch"]) })
    }
  }

  /// The row of a point that has passed so far.
  package func measuredRow(of pointID: String) throws -> ResultRow? {
    try read { db in
      try ResultRow.all(db, where: "point_id = ? AND status = 'passed'", [pointID]).first
    }
  }

  /// The place of the next sample in the run.
  package func nextOrderIndex() throws -> Int {
    try read { try Int.fetchOne($0, sql: "SELECT MAX(order_index) + 1 FROM samples") ?? 0 }
  }

  // MARK: - Attempts

  /// Closes what a killed run left open: its attempts become interrupted, and their points planned.
  package func closeOpenAttempts() throws {
    try write { db in
      try db.execute(
        sql: "UPDATE attempts SET status = ?, reason = ? WHERE status = ?",
        arguments: [AttemptRow.Status.interrupted.rawValue, "the run was killed", AttemptRow.Status.running.rawValue])
      try db.execute(
        sql: "UPDATE points SET status = ? WHERE status = ?",
        arguments: [PointStatus.planned.rawValue, PointStatus.running.rawValue])
    }
  }

  /// Stores an attempt that starts.
  package func begin(_ attempt: AttemptRow) throws {
    try write { db in
      try attempt.insert(db)
      try Self.set(.running, nil, of: attempt.pointID, in: db)
    }
  }

  /// Ends an attempt without a measurement; its point will be tried again.
  package func end(_ attempt: AttemptRow) throws {
    try write { db in
      try Self.replace(attempt, in: db)
      try Self.set(.planned, nil, of: attempt.pointID, in: db)
    }
  }

  /// Ends an attempt with its outcome, and returns the point's row over the samples of all launches so far. The point
  /// is done with the last of `launches`. An outcome that did not pass replaces all measurements of the point.
  /// `fmaPeak` is in 10^9 operations per second.
  @discardableResult
  package func finish(_ outcome: PointOutcome, _ attempt: AttemptRow, of launches: Int, fmaPeak: Double?) throws
    -> ResultRow
  {
    let id = attempt.pointID
    return try write { db in
      try Self.replace(attempt, in: db)
      guard outcome.result.status == .passed else {
        for type in Self.outcomeTypes { try Self.delete(type, of: id, in: db) }
        try outcome.result.insert(db)
        for row in outcome.tuning { try row.insert(db) }
        try Self.set(PointStatus(outcome.result.status), outcome.result.reason, of: id, in: db)
        return outcome.result
      }
      return try Self.add(outcome, launch: attempt.launch, of: launches, fmaPeak: fmaPeak, in: db)
    }
  }

  /// Adds a launch that passed to those of its point, and returns the point's row over all of them.
  @discardableResult
  static func add(
    _ outcome: PointOutcome, launch: Int, of launches: Int, fmaPeak: Double?, in db: Database
  ) throws -> ResultRow {
    let id = outcome.result.pointID
    let earlier = try ResultRow.all(db, where: "point_id = ? AND status = 'passed'", [id]).first
    let others = try SampleRow.all(db, where: "point_id = ? AND launch <> ?", [id, launch], orderedBy: "order_index")
    let pooled = PooledLaunches(outcome, earlier: others.isEmpty ? nil : earlier, samples: others, fmaPeak: fmaPeak)

    for type in outcomeTypes where type.columns.contains("launch") {
      try db.execute(
        sql: "DELETE FROM \(type.table) WHERE point_id = ? AND launch = ?", arguments: [id, launch])
    }
    // Notes about the point as a whole concern launches that are gone; projections do not depend on launches.
    if others.isEmpty {
      try db.execute(
        sql: "DELETE FROM notes WHERE point_id = ? AND kind <> ?", arguments: [id, NoteRow.Kind.projection.rawValue])
    }
    try delete(ResultRow.self, of: id, in: db)
    try pooled.result.insert(db)
    var outcome = outcome
    outcome.samples = pooled.samples.filter { $0.launch == launch }
    for rows in outcome.rows where !rows.isEmpty {
      let type = Swift.type(of: rows[0])
      if !type.columns.contains("launch") { try delete(type, of: id, in: db) }
      for row in rows { try row.insert(db) }
    }
    if !others.isEmpty { try flagOutliers(as: pooled.samples, of: id, in: db) }
    try db.execute(
      sql: "DELETE FROM notes WHERE point_id = ? AND kind = ?", arguments: [id, NoteRow.Kind.launches.rawValue])
    try pooled.note?.insert(db)
    var result = pooled.result
    result.notes = try joinNotes(of: id, in: db)
    let count = try Int.fetchOne(
      db, sql: "SELECT COUNT(DISTINCT launch) FROM samples WHERE point_id = ?", arguments: [id])
    try set(count == launches ? .done : .running, nil, of: id, in: db)
    return result
  }

  /// Stores the texts of a point's notes in its row for readers of results.csv, and returns them.
  @discardableResult
  static func joinNotes(of pointID: String, in db: Database) throws -> String? {
    let text = NoteRow.joined(try NoteRow.all(db, where: "point_id = ?", [pointID]))
    try db.execute(sql: "UPDATE results SET notes = ? WHERE point_id = ?", arguments: [text, pointID])
    return text
  }

  /// Stores the outlier flags that changed; rows keep their order, which is that of measurement. It addresses rows by
  /// rowid, because a condition on launch and sample would search all samples of the point for each update.
  private static func flagOutliers(as samples: [SampleRow], of pointID: String, in db: Database) throws {
    struct Key: Hashable { var launch, sample: Int }
    let flags = Dictionary(
      samples.map { (Key(launch: $0.launch, sample: $0.sample), $0.outlier) }, uniquingKeysWith: { $1 })
    let rows = try Row.fetchAll(
      db, sql: "SELECT rowid, launch, sample, outlier FROM samples WHERE point_id = ?", arguments: [pointID])
    for row in rows {
      guard let flag = flags[Key(launch: row["launch"], sample: row["sample"])], flag != row["outlier"] else {
        continue
      }
      try db.execute(
        sql: "UPDATE samples SET outlier = ? WHERE rowid = ?", arguments: [flag, row["rowid"] as Int])
    }
  }

  private static func replace(_ attempt: AttemptRow, in db: Database) throws {
    try db.execute(
      sql: "DELETE FROM attempts WHERE point_id = ? AND launch = ? AND attempt = ?",
      arguments: [attempt.pointID, attempt.launch, attempt.attempt])
    try attempt.insert(db)
  }

  static func set(_ status: PointStatus, _ reason: String?, of pointID: String, in db: Database) throws {
    try db.execute(
      sql: "UPDATE points SET status = ?, reason = ? WHERE id = ?", arguments: [status.rawValue, reason, pointID])
  }

  // MARK: - The sentinel

  package func add(_ rows: [SentinelRow]) throws {
    try write { db in for row in rows { try row.insert(db) } }
  }

  /// Replaces all notes of a kind by `notes`, at every point that passed.
  package func replaceNotes(_ kind: NoteRow.Kind, by notes: [NoteRow]) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM notes WHERE kind = ?", arguments: [kind.rawValue])
      let passed = Set(try ResultRow.all(db, where: "status = 'passed'").map(\.pointID))
      for note in notes where passed.contains(note.pointID) { try note.insert(db) }
      for id in passed { try Self.joinNotes(of: id, in: db) }
    }
  }
}
