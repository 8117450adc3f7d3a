import Foundation
import GRDB
import InputFiles
import Profiler

/// Joins runs of one experiment that measured parts of its plan, as the shards of a cluster do, into one run.
///
/// Nothing comes twice: a launch that an earlier part holds is left out of later ones, so that merging again, or a part that
/// was started twice, changes nothing. A point that is done in any part is done. Rows keep the `run_id` of their part,
/// within which `order_index` counts.
public struct RunMerge {
  public let directory: RunDirectory
  /// Points that no part has done, failed or skipped.
  public let missing: [Point]

  /// Merges `parts` into the run at `path`, which may be one of an earlier merge. Throws `InputError`, with the difference,
  /// where parts are of different experiments, or of different machines unless `allowsMixedMachines`.
  public init(_ parts: [RunDirectory], into path: String, allowsMixedMachines: Bool = false) throws {
    guard let first = parts.first else { throw InputError(key: "merge", "expected at least one run directory") }
    for part in parts.dropFirst() { try Self.requireSame(first, part, allowsMixedMachines: allowsMixedMachines) }
    var manifest = first.manifest
    manifest.shard = nil
    manifest.finished = nil
    // A merge of an earlier time may hold parts of other hosts.
    if let earlier = try? RunDirectory(opening: path) {
      try Self.requireSame(first, earlier, allowsMixedMachines: allowsMixedMachines)
      manifest.host = earlier.manifest.host
    } else {
      var hosts: [String] = []
      for part in parts where !hosts.contains(part.manifest.host) { hosts.append(part.manifest.host) }
      manifest.host = hosts.joined(separator: " ")
    }
    directory = try RunDirectory.createOrResume(at: path, plan: first.plan, manifest: manifest)
    for part in parts { try directory.store.take(from: part.store, launches: part.experiment().measure.launches) }
    let host = "\(path)/\(RunDirectory.hostMachineName)"
    if !FileManager.default.fileExists(atPath: host),
      let text = try? readTextFile("\(first.path)/\(RunDirectory.hostMachineName)")
    {
      try directory.write(text, to: RunDirectory.hostMachineName)
    }
    let statuses = try directory.store.statuses()
    missing = directory.plan.executionOrder.filter {
      let status = statuses[$0.id] ?? .planned
      return status == .planned || status == .running
    }
    if missing.isEmpty { try directory.finish() } else { try directory.exportCSV() }
  }

  private static func requireSame(_ one: RunDirectory, _ other: RunDirectory, allowsMixedMachines: Bool) throws {
    var lines = ExperimentDifference.lines(
      (one.manifest.experimentText, one.manifest.overrides), (other.manifest.experimentText, other.manifest.overrides))
    if lines.isEmpty, Set(one.plan.points.map(\.id)) != Set(other.plan.points.map(\.id)) {
      lines = ["- \(one.plan.points.count) points", "+ \(other.plan.points.count) points, or of other kernels"]
    }
    guard lines.isEmpty else {
      throw InputError(
        file: other.path,
        "expected the same experiment as in \(one.path) (-), found another (+):\n"
          + lines.map { "  \($0)" }.joined(separator: "\n"))
    }
    guard !allowsMixedMachines else { return }
    let (here, there) = (
      MachineState(try one.store.rows(), .start), MachineState(try other.store.rows(), .start)
    )
    // A part that was never begun has no machine yet.
    if here.facts.isEmpty || there.facts.isEmpty { return }
    let changes = here.identityChanges(to: there)
    guard changes.isEmpty else {
      throw InputError(
        file: other.path,
        "expected the machine of \(one.path) (-), found another (+); --allow-mixed merges them all the same:\n"
          + changes.flatMap {
            ["  - \($0.name): \($0.before ?? "unknown")", "  + \($0.name): \($0.after ?? "unknown")"]
          }.joined(separator: "\n"))
    }
  }
}

extension RunStore {
  /// Takes over what `part` has and this store lacks, in one transaction.
  func take(from part: RunStore, launches: Int) throws {
    let statuses = try part.statuses()
    let points = Set(try self.statuses().keys)
    try database.write { db in
      for (id, theirs) in statuses.sorted(by: { $0.key < $1.key }) where points.contains(id) {
        let own =
          try String.fetchOne(db, sql: "SELECT status FROM points WHERE id = ?", arguments: [id])
          .flatMap(PointStatus.init) ?? .planned
        let measured = try Self.launches(of: id, in: db)
        let offered = try part.database.read { try Self.launches(of: id, in: $0) }
        if own == .done || theirs.rank < own.rank { continue }
        if theirs.rank > own.rank || measured.isEmpty && !offered.isEmpty {
          try copyPoint(id, from: part, theirs, in: db)
        } else {
          try addLaunches(offered.subtracting(measured), of: id, from: part, launches, in: db)
        }
      }
      try copyWhole(from: part, in: db)
    }
  }

  private static func launches(of pointID: String, in db: Database) throws -> Set<Int> {
    Set(try Int.fetchAll(db, sql: "SELECT DISTINCT launch FROM samples WHERE point_id = ?", arguments: [pointID]))
  }

  /// Everything that came of a point, in place of what is here.
  private func copyPoint(_ id: String, from part: RunStore, _ status: PointStatus, in db: Database) throws {
    for type in Self.outcomeTypes {
      try Self.delete(type, of: id, in: db)
      for row in try part.rows(type, of: id) { try row.insert(db) }
    }
    let reason = try part.database.read {
      try String.fetchOne($0, sql: "SELECT reason FROM points WHERE id = ?", arguments: [id])
    }
    try Self.set(status == .running ? .planned : status, reason, of: id, in: db)
  }

  /// Launches of a point that has others here.
  private func addLaunches(_ launches: Set<Int>, of id: String, from part: RunStore, _ count: Int, in db: Database)
    throws
  {
    guard !launches.isEmpty, let result = try part.measuredRow(of: id) else { return }
    for launch in launches.sorted() {
      func own<Rows: RunRow>(_: Rows.Type) throws -> [Rows] {
        try part.database.read {
          try Rows.fetchAll(
            $0, sql: "SELECT * FROM \(Rows.table) WHERE point_id = ? AND launch = ? ORDER BY rowid",
            arguments: [id, launch])
        }
      }
      let peak = result.fractionOfFMAPeak.flatMap { share in result.gigaflopPerSecond.map { $0 / share } }
      try Self.add(
        PointOutcome(
          result: result, samples: own(SampleRow.self), counters: own(CounterRow.self), metrics: own(MetricRow.self)),
        launch: launch, of: count, fmaPeak: peak, in: db)
    }
  }

  /// What belongs to no point, and how each came about.
  private func copyWhole(from part: RunStore, in db: Database) throws {
    for attempt in try part.rows(AttemptRow.self) {
      let known = try Bool.fetchOne(
        db, sql: "SELECT COUNT(*) FROM attempts WHERE run_id = ? AND point_id = ? AND launch = ? AND attempt = ?",
        arguments: [attempt.runID, attempt.pointID, attempt.launch, attempt.attempt])
      if known != true { try attempt.insert(db) }
    }
    let sentinel = try part.rows(SentinelRow.self)
    for run in Set(sentinel.map(\.runID)) {
      try db.execute(sql: "DELETE FROM sentinel WHERE run_id = ?", arguments: [run])
    }
    for row in sentinel { try row.insert(db) }
    // The machine's figures: of the first part that has them.
    for type in [CeilingRow.self, AuditRow.self, FactRow.self] as [any RunRow.Type] {
      guard try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \(type.table)") == 0 else { continue }
      for row in try part.allRows(type) { try row.insert(db) }
    }
  }

  private func rows(_ type: any RunRow.Type, of pointID: String) throws -> [any RunRow] {
    func fetch<Rows: RunRow>(_: Rows.Type) throws -> [any RunRow] {
      try database.read {
        try Rows.fetchAll(
          $0, sql: "SELECT * FROM \(Rows.table) WHERE point_id = ? ORDER BY rowid", arguments: [pointID])
      }
    }
    return try fetch(type)
  }

  private func allRows(_ type: any RunRow.Type) throws -> [any RunRow] {
    func fetch<Rows: RunRow>(_ type: Rows.Type) throws -> [any RunRow] { try rows(type) }
    return try fetch(type)
  }
}

extension PointStatus {
  /// Which of two outcomes of a point counts: the one that got further.
  fileprivate var rank: Int {
    switch self {
    case .planned, .running: 0
    case .skipped: 1
    case .failed: 2
    case .done: 3
    }
  }
}
