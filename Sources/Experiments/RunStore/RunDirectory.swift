import Foundation
import Plans
import Profiler
import Support

/// A directory that holds one run: manifest.json, plan.jsonl, results.sqlite, and the CSV files exported from it.
public final class RunDirectory {
  public let path: String
  public private(set) var manifest: Manifest
  public let plan: Plan
  public let store: RunStore
  /// The ids of the points that this run measures: those of its shard.
  public func pointIDs() throws -> Set<String> { try Set(store.statuses().keys) }
  /// The experiment as it was run, from the manifest's text.
  public func experiment() throws -> Experiment {
    try Experiment(text: manifest.experimentText, file: manifest.experimentFile, overrides: manifest.overrides)
  }

  /// Held by the one writing process; nil for readers.
  private var lock: RunLock?

  /// Messages about a resumed run that do not prevent it, such as another version of the tool.
  public private(set) var notes: [String] = []

  /// Whether this process writes to the run.
  var isWritten: Bool { lock != nil }

  /// Starts a run in an empty or absent directory, or resumes the run of the same experiment there: points already
  /// done stay done, and the manifest of the first start is kept. With `restart`, the files that a run wrote there
  /// are discarded; other files stay. A run that starts here measures all of the plan, or the points in `ids`.
  ///
  /// Throws, and changes nothing, where the directory holds anything but a run with a valid manifest, where another
  /// process writes to it (`RunHeld`), and where it lies on a network file system.
  public static func createOrResume(
    at path: String, plan: Plan, manifest: Manifest, only ids: Set<String>? = nil, restart: Bool = false
  ) throws -> RunDirectory {
    try createOrResume(
      at: path, plan: plan, manifest: manifest, only: ids, restart: restart, fileSystem: FileSystemKind.of(path))
  }

  static func createOrResume(
    at path: String, plan: Plan, manifest: Manifest, only ids: Set<String>? = nil, restart: Bool = false,
    fileSystem: FileSystemKind
  ) throws -> RunDirectory {
    try WholeFile.requireName(path)
    try fileSystem.requireLocal(path)
    let files = FileManager.default
    let url = URL(fileURLWithPath: path)
    do {
      try files.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw InputError(file: path, "expected a directory that can be made: \(plainReason(error))")
    }
    let lock = try lock(path)
    var found = Set((try? files.contentsOfDirectory(atPath: path)) ?? [])
    if found.contains(manifestName) {
      let (earlier, content) = try existingRun(at: path)
      if restart {
        // The manifest stays until the new one replaces it, so that an interrupt at any moment leaves a run that can
        // be restarted.
        try OwnFiles.remove(content.own.filter { $0 != manifestName }, hasPlots: content.hasPlots, from: path)
        found = []
      } else {
        let directory = try resume(path, earlier, plan: plan, manifest: manifest)
        try OwnFiles.remove(OwnFiles.abandoned(content.own), hasPlots: false, from: path)
        directory.lock = lock
        try directory.store.setHolder()
        try directory.noteVersion(manifest.toolVersion)
        try directory.update { $0.finished = nil }
        return directory
      }
    }
    if !found.isEmpty, isUnfinishedStart(found, in: path) {
      try OwnFiles.remove(Array(found), hasPlots: false, from: path)
      found = []
    }
    if let first = found.sorted().first {
      throw InputError(
        file: path, "expected an empty directory or a run directory, found '\(first)' and no \(manifestName)")
    }
    let store = try RunStore(path: url.appendingPathComponent(databaseName).path, create: true)
    try store.setHolder()
    try store.add(plan, only: ids)
    try WholeFile.write(plan.jsonLines(), to: url.appendingPathComponent(planName).path)
    // The manifest comes last, because its presence makes the directory a run.
    try WholeFile.write(manifest.json(), to: url.appendingPathComponent(manifestName).path)
    let directory = RunDirectory(path: path, manifest: manifest, plan: plan, store: store)
    directory.lock = lock
    return directory
  }

  /// The manifest of the run at `path` and the content of its directory. Throws `InputError` where the manifest is
  /// not valid, and where an entry other than a file has the name of a run's file.
  static func existingRun(at path: String) throws -> (manifest: Manifest, content: OwnFiles.Content) {
    let url = URL(fileURLWithPath: path)
    let file = url.appendingPathComponent(manifestName).path
    let manifest = try Manifest(json: readRunFile(file), file: file)
    let content = try ownFiles.content(of: path)
    if let name = content.inTheWay.first {
      throw InputError(
        file: url.appendingPathComponent(name).path,
        "expected what a run wrote under this name, found a link or another kind of file")
    }
    return (manifest, content)
  }

  private static func lock(_ path: String) throws -> RunLock {
    do { return try RunLock(directory: path) } catch var held as RunHeld {
      let database = URL(fileURLWithPath: path).appendingPathComponent(databaseName).path
      held.holder = try? RunStore(reading: database).holder()
      throw held
    }
  }

  /// Whether files without a manifest are left from a start that was killed: only the files that it makes first, and
  /// no measurement.
  private static func isUnfinishedStart(_ names: Set<String>, in path: String) -> Bool {
    let own = databaseFiles(databaseName) + databaseFiles(planName)
    guard names.allSatisfy({ OwnFiles.kind("\(path)/\($0)") == S_IFREG }) else { return false }
    guard names.subtracting(own).allSatisfy({ WholeFile.unfinished($0) != nil }) else { return false }
    guard names.contains(databaseName) else { return true }
    let database = URL(fileURLWithPath: path).appendingPathComponent(databaseName).path
    guard let size = try? FileManager.default.attributesOfItem(atPath: database)[.size] as? Int, size > 0 else {
      return true
    }
    guard let store = try? RunStore(reading: database) else { return false }
    return (try? store.rows(AttemptRow.self).isEmpty && store.rows(ResultRow.self).isEmpty) ?? false
  }

  /// The files that a run writes into its directory.
  static let ownFiles: OwnFiles = {
    let texts = [manifestName, planName, hostMachineName, reportName]
    let databases = databaseFiles(databaseName) + databaseFiles("archive")
    let tables = RunStore.rowTypes.flatMap { type -> [String] in ["\(type.table).csv", "\(type.table).jsonl"] }
    let names: [String] = texts + databases + tables
    return OwnFiles(marks: Dictionary(names.map { ($0, .none) }, uniquingKeysWith: { first, _ in first }))
  }()

  /// A database of SQLite and what lies beside it while it is written.
  private static func databaseFiles(_ name: String) -> [String] {
    ["", "-wal", "-shm", "-journal"].map { name + $0 }
  }

  /// Opens the run at `path` for reading. Nothing there changes, except that `write` puts files of a report there.
  public convenience init(opening path: String) throws {
    try self.init(opening: path, store: RunStore.init(reading:))
  }

  /// Opens the run at `path` for writing.
  convenience init(writing path: String) throws {
    try self.init(opening: path) { try RunStore(path: $0, create: false) }
  }

  private init(opening path: String, store open: (String) throws -> RunStore) throws {
    self.path = path
    func file(_ name: String) -> String { URL(fileURLWithPath: path).appendingPathComponent(name).path }
    guard FileManager.default.fileExists(atPath: path) else { throw InputError(file: path, "no such run directory") }
    manifest = try Manifest(
      json: readRunFile(file(Self.manifestName)), file: file(Self.manifestName))
    plan = try Plan(jsonLines: readRunFile(file(Self.planName)), file: file(Self.planName))
    store = try open(file(Self.databaseName))
  }

  private init(path: String, manifest: Manifest, plan: Plan, store: RunStore) {
    self.path = path
    self.manifest = manifest
    self.plan = plan
    self.store = store
  }

  public static let hostMachineName = "host.yaml"
  package static let manifestName = "manifest.json"
  static let planName = "plan.jsonl"
  static let databaseName = "results.sqlite"
  public static let reportName = "report.md"

  /// Points still to run, in execution order: those not done, including those that were skipped before, and with
  /// `retryingFailed` those that failed.
  public func pendingPoints(retryingFailed: Bool = false) throws -> [Point] {
    let statuses = try store.statuses()
    return plan.executionOrder.filter { point in
      switch statuses[point.id] {
      case .done: false
      case .failed: retryingFailed
      case nil: false
      default: true
      }
    }
  }

  /// Points that have a measured time and no projection yet, in execution order; a run projects its points when all
  /// are measured.
  package func unprojectedPoints() throws -> [Point] {
    let projected = try store.projectedPoints()
    let passed = Set(try store.rows(ResultRow.self).filter { $0.status == .passed }.map(\.pointID))
    return plan.executionOrder.filter { passed.contains($0.id) && !projected.contains($0.id) }
  }

  /// The warning about projections that are missing because the run was stopped before it made them; nil where none
  /// is missing.
  public func missingProjectionsWarning() throws -> String? {
    // A finished run has its projections; where the model gave none, the point's notes state the reason.
    guard manifest.finished == nil, manifest.modelled != true else { return nil }
    let missing = try unprojectedPoints().count
    return missing == 0
      ? nil
      : "the projections of \(missing) measured \(missing == 1 ? "point" : "points") are missing: the run was stopped "
        + "before it had made them; running it again makes what is missing"
  }

  /// Writes every table as CSV, each file whole or not at all.
  public func exportCSV() throws {
    for type in RunStore.rowTypes {
      try write(store.csv(type), to: "\(type.table).csv")
    }
  }

  /// Exports the tables, and stores the end of the run in the manifest.
  public func finish(at date: Date = Date()) throws {
    try exportCSV()
    try update { $0.finished = Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down)) }
  }

  /// Writes a file of the run, whole or not at all; missing directories on the way are made. Throws `FileNotWritten`.
  public func write(_ text: String, to name: String) throws {
    let url = URL(fileURLWithPath: path).appendingPathComponent(name)
    let folder = url.deletingLastPathComponent().path
    if folder != URL(fileURLWithPath: path).path, let kind = OwnFiles.kind(folder), kind != S_IFDIR {
      throw InputError(file: folder, "expected a directory, found a link or another kind of file")
    }
    try WholeFile.makeDirectory(folder)
    try WholeFile.write(text, to: url.path)
  }

  /// Stores the names of the hosts whose measurements the run holds.
  func setHost(_ host: String) throws { try update { $0.host = host } }

  private func update(_ change: (inout Manifest) -> Void) throws {
    var changed = manifest
    change(&changed)
    guard changed != manifest else { return }
    try write(changed.json(), to: Self.manifestName)
    manifest = changed
  }

  // MARK: - Resuming

  private static func resume(
    _ path: String, _ earlier: Manifest, plan: Plan, manifest: Manifest
  ) throws -> RunDirectory {
    // Checked before the database is opened for writing, which may migrate it.
    try requireSame(path, earlier, plan: plan, manifest: manifest)
    return try RunDirectory(writing: path)
  }

  /// Adds a note where another version of the tool continues the run.
  private func noteVersion(_ version: String) throws {
    let versions = [manifest.toolVersion] + (manifest.continuedWith ?? [])
    if let last = versions.last, last != version {
      notes.append(
        "the run was measured by version \(last) of this tool so far, and version \(version) goes on with it")
    }
    if !versions.contains(version) { try update { $0.continuedWith = ($0.continuedWith ?? []) + [version] } }
  }

  /// Throws `InputError` where the run at `path`, whose manifest is `old`, is not the one that `plan` and `new`
  /// describe.
  static func requireSame(_ path: String, _ old: Manifest, plan: Plan, manifest new: Manifest) throws {
    let planPath = URL(fileURLWithPath: path).appendingPathComponent(planName).path
    let planned = try Plan(jsonLines: readRunFile(planPath), file: planPath)
    var lines = ExperimentDifference.lines((old.experimentText, old.overrides), (new.experimentText, new.overrides))
    if old.shard != new.shard {
      lines += ["- shard: \(old.shard?.argument ?? "none")", "+ shard: \(new.shard?.argument ?? "none")"]
    }
    if old.kind != new.kind { lines += ["- points: \(old.kind)", "+ points: \(new.kind)"] }
    if old.host != new.host { lines += ["- host: \(old.host)", "+ host: \(new.host)"] }
    lines += old.layerDifferences(to: new)
    if lines.isEmpty {
      // The experiments are equal, but the machine's size or the kernels differ.
      let known = Set(planned.points.map(\.id))
      let wanted = Set(plan.points.map(\.id))
      lines += planned.points.filter { !wanted.contains($0.id) }.map { "- point: \($0.label)" }
      lines += plan.points.filter { !known.contains($0.id) }.map { "+ point: \($0.label)" }
    }
    if !lines.isEmpty { throw OtherRun.error(path, lines) }
  }
}
