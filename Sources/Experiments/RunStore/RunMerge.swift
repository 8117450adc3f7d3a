import Foundation
import GRDB
import Plans
import Profiler
import Support

/// Joins runs that measured parts of one experiment's plan, such as the shards of a cluster, into one run.
///
/// Nothing is stored twice: a launch that an earlier part holds is left out of later ones, so that merging again, or
/// a part that was started twice, changes nothing. A point that is done in any part is done. Rows keep the `run_id`
/// of their part, within which `order_index` counts.
public struct RunMerge {
  public let directory: RunDirectory
  /// Points that are done, failed or skipped in no part.
  public let missing: [Point]

  /// A run to be merged. It is opened only in its turn, since there may be a thousand parts.
  public struct Part {
    /// The name in error messages.
    let name: String
    let read: ((RunDirectory) throws -> Void) throws -> Void

    public init(directory path: String) {
      name = path
      read = { try $0(RunDirectory(opening: path)) }
    }

    /// A run in one file, unpacked under `scratch`.
    public init(_ archive: RunArchive, scratch: String) {
      name = archive.path
      read = { body in try archive.read(scratch: scratch) { try body($0) } }
    }
  }

  /// Merges `parts` into the run at `path`, which may come from an earlier merge; with `restart` that one is
  /// discarded first. Throws `InputError`, with the difference, where parts are of different experiments, or of
  /// different machines unless `allowsMixedMachines`.
  public init(_ parts: [Part], into path: String, allowsMixedMachines: Bool = false, restart: Bool = false) throws {
    var common = Common(allowsMixedMachines: allowsMixedMachines)
    for part in parts { try part.read { try common.add($0, name: part.name) } }
    guard let first = common.run else { throw InputError(key: "merge", "expected at least one run directory") }
    var manifest = first.manifest
    // An earlier merge may hold parts of other hosts.
    if !restart, let earlier = try? RunDirectory(opening: path) {
      try common.add(earlier, name: path)
      manifest.host = earlier.manifest.host
    }
    manifest.shard = nil
    manifest.finished = nil
    let whole = try RunDirectory.createOrResume(at: path, plan: first.plan, manifest: manifest, restart: restart)
    try whole.setHost(common.hosts.joined(separator: " "))
    for part in parts {
      try part.read { run in
        try whole.store.take(from: run.store, launches: run.experiment().measure.launches)
        let host = RunDirectory.hostMachineName
        if !FileManager.default.fileExists(atPath: "\(path)/\(host)"),
          let text = try? readTextFile("\(run.path)/\(host)")
        {
          try whole.write(text, to: host)
        }
      }
    }
    let statuses = try whole.store.statuses()
    directory = whole
    missing = whole.plan.executionOrder.filter {
      let status = statuses[$0.id] ?? .planned
      return status == .planned || status == .running
    }
    // Every measured point must have a projection, or a note with the reason why there is none.
    let refused = Set(try whole.store.rows(NoteRow.self).filter { $0.kind == .projection }.map(\.pointID))
    if missing.isEmpty, try whole.unprojectedPoints().allSatisfy({ refused.contains($0.id) }) {
      try directory.finish()
    } else {
      try directory.exportCSV()
    }
  }

  /// The properties that all parts must share: the experiment, the plan, the machine.
  private struct Common {
    let allowsMixedMachines: Bool
    private(set) var run: (manifest: Manifest, plan: Plan)?
    private(set) var hosts: [String] = []
    private var first = ""
    private var ids: Set<String> = []
    /// The machine of the first part that has one; a part that never started has none.
    private var machine: (name: String, state: MachineState)?

    init(allowsMixedMachines: Bool) {
      self.allowsMixedMachines = allowsMixedMachines
    }

    mutating func add(_ part: RunDirectory, name: String) throws {
      for host in part.manifest.host.split(separator: " ").map(String.init) where !hosts.contains(host) {
        hosts.append(host)
      }
      let state = MachineState(try part.store.rows(), .start)
      let changes = machine.map { state.facts.isEmpty ? [] : $0.state.identityChanges(to: state) } ?? []
      let machineLines = changes.flatMap {
        ["- \($0.name): \($0.before ?? "unknown")", "+ \($0.name): \($0.after ?? "unknown")"]
      }
      let ids = Set(part.plan.points.map(\.id))
      if let run {
        var lines = ExperimentDifference.lines(
          (run.manifest.experimentText, run.manifest.overrides),
          (part.manifest.experimentText, part.manifest.overrides))
        if run.manifest.kind != part.manifest.kind {
          lines += ["- points: \(run.manifest.kind)", "+ points: \(part.manifest.kind)"]
        }
        lines += run.manifest.layerDifferences(to: part.manifest)
        if lines.isEmpty, self.ids != ids {
          // Points depend on the planning machine: its CPUs, its second-level cache.
          lines = [
            "- \(self.ids.count) points",
            "+ \(ids.count) points, or of other kernels or sizes"
              + (machineLines.isEmpty ? "" : ", on another machine"),
          ]
          lines += machineLines
        }
        guard lines.isEmpty else {
          throw Self.error(name, "expected the same experiment as in \(first) (-), found another (+)", lines)
        }
        guard machineLines.isEmpty || allowsMixedMachines else {
          throw Self.error(
            name,
            "expected the machine of \(machine?.name ?? first) (-), found another (+); --allow-mixed merges them all the same",
            machineLines)
        }
      } else {
        (run, first, self.ids) = ((part.manifest, part.plan), name, ids)
      }
      if machine == nil, !state.facts.isEmpty { machine = (name, state) }
    }

    private static func error(_ name: String, _ complaint: String, _ lines: [String]) -> InputError {
      InputError(file: name, "\(complaint):", details: lines.map { "  \($0)" })
    }
  }
}

extension RunStore {
  /// Copies what `part` has and this store lacks, in one transaction.
  func take(from part: RunStore, launches: Int) throws {
    let statuses = try part.statuses()
    let points = Set(try self.statuses().keys)
    try write { db in
      for (id, theirs) in statuses.sorted(by: { $0.key < $1.key }) where points.contains(id) {
        let own =
          try String.fetchOne(db, sql: "SELECT status FROM points WHERE id = ?", arguments: [id])
          .flatMap(PointStatus.init) ?? .planned
        let measured = try Self.launches(of: id, in: db)
        let offered = try part.read { try Self.launches(of: id, in: $0) }
        if own == .done || theirs.rank < own.rank { continue }
        if theirs.rank > own.rank || measured.isEmpty && !offered.isEmpty {
          try copyPoint(id, from: part, theirs, in: db)
        } else {
          try addLaunches(offered.subtracting(measured), of: id, from: part, launches, in: db)
          try addProjections(of: id, from: part, in: db)
        }
      }
      try copyWhole(from: part, in: db)
    }
  }

  private static func launches(of pointID: String, in db: Database) throws -> Set<Int> {
    Set(try Int.fetchAll(db, sql: "SELECT DISTINCT launch FROM samples WHERE point_id = ?", arguments: [pointID]))
  }

  /// Copies everything about a point, replacing what is here.
  private func copyPoint(_ id: String, from part: RunStore, _ status: PointStatus, in db: Database) throws {
    for type in Self.outcomeTypes {
      try Self.delete(type, of: id, in: db)
      for row in try part.rows(type, of: id) { try row.insert(db) }
    }
    let reason = try part.read {
      try String.fetchOne($0, sql: "SELECT reason FROM points WHERE id = ?", arguments: [id])
    }
    try Self.set(status == .running ? .planned : status, reason, of: id, in: db)
  }

  /// Adds launches of a point that has other launches here.
  private func addLaunches(_ launches: Set<Int>, of id: String, from part: RunStore, _ count: Int, in db: Database)
    throws
  {
    guard !launches.isEmpty, let result = try part.measuredRow(of: id) else { return }
    for launch in launches.sorted() {
      func own<Rows: RunRow>(_: Rows.Type) throws -> [Rows] {
        try part.read {
          try Rows.all($0, where: "point_id = ? AND launch = ?", [id, launch])
        }
      }
      let peak = result.fractionOfFMAPeak.flatMap { share in result.gigaflopPerSecond.map { $0 / share } }
      // Only the first launch times the stages.
      let times = try launch == 0 ? part.read { try StageTimeRow.all($0, where: "point_id = ?", [id]) } : []
      try Self.add(
        PointOutcome(
          result: result, samples: own(SampleRow.self), counters: own(CounterRow.self), metrics: own(MetricRow.self),
          stageTimes: times, notes: own(NoteRow.self)),
        launch: launch, of: count, fmaPeak: peak, in: db)
    }
  }

  /// Copies a point's projections where this store has none.
  private func addProjections(of id: String, from part: RunStore, in db: Database) throws {
    func has(_ type: any RunRow.Type) throws -> Bool {
      try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \(type.storage) WHERE point_id = ?", arguments: [id]) != 0
    }
    guard try !Self.modelledTypes.contains(where: has) else { return }
    for type in Self.modelledTypes { for row in try part.rows(type, of: id) { try row.insert(db) } }
    try Self.deleteProjectionNotes(of: id, in: db)
    for note in try part.read({ try NoteRow.all($0, where: "point_id = ?", [id]) }) where note.kind == .projection {
      try note.insert(db)
    }
    try Self.joinNotes(of: id, in: db)
  }

  /// Copies rows that belong to no point, and the attempts.
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
    // The machine's figures come from the first part that has them.
    for type in [CeilingRow.self, AuditRow.self, FactRow.self] as [any RunRow.Type] {
      guard try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \(type.table)") == 0 else { continue }
      for row in try part.allRows(type) { try row.insert(db) }
    }
  }

  private func rows(_ type: any RunRow.Type, of pointID: String) throws -> [any RunRow] {
    func fetch<Rows: RunRow>(_: Rows.Type) throws -> [any RunRow] {
      try read {
        try Rows.all($0, where: "point_id = ?", [pointID])
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
  /// The precedence of a point's outcomes: the one that got further counts.
  var rank: Int {
    switch self {
    case .planned, .running: 0
    case .skipped: 1
    case .failed: 2
    case .done: 3
    }
  }
}
