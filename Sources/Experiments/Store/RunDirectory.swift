import Foundation
import InputFiles
import Profiler

/// A directory that holds one run: manifest.json, plan.jsonl, results.sqlite, and the CSV files exported from it.
public final class RunDirectory {
  public let path: String
  public private(set) var manifest: Manifest
  public let plan: Plan
  public let store: RunStore
  /// Of the points that this run measures: those of its shard.
  public func pointIDs() throws -> Set<String> { try Set(store.statuses().keys) }

  /// Held by the one process that writes; nil for readers.
  private var lock: RunLock?

  /// Starts a run in an empty or absent directory, or resumes the run of the same experiment that is there; then points
  /// already done stay done, and the manifest of the first start is kept. With `restart` a run that is there is discarded.
  /// A run that starts here measures all of the plan, or the points in `ids`.
  ///
  /// Throws, and changes nothing, where the directory holds anything else, where another process has it (`RunHeld`), and
  /// where it lies on a network.
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
    if found.contains(manifestName), restart {
      // Not the directory itself, which is locked.
      for name in found { try remove(name, in: url) }
      found = []
    }
    if found.contains(manifestName) {
      let directory = try RunDirectory(opening: path)
      try directory.requireSame(plan: plan, manifest: manifest)
      try sweep(found, in: url)
      directory.lock = lock
      try directory.store.setHolder()
      try directory.update { $0.finished = nil }
      return directory
    }
    if !found.isEmpty, isUnfinishedStart(found, in: path) {
      for name in found { try remove(name, in: url) }
      found = []
    }
    if let first = found.sorted().first {
      throw InputError(
        file: path, "expected an empty directory or a run directory, found '\(first)' and no \(manifestName)")
    }
    let store = try RunStore(path: url.appendingPathComponent(databaseName).path, create: true)
    try store.setHolder()
    try store.add(plan, only: ids)
    try writeAtomically(plan.jsonLines(), to: url.appendingPathComponent(planName))
    // Last, because its presence is what makes the directory a run.
    try writeAtomically(manifest.json(), to: url.appendingPathComponent(manifestName))
    let directory = RunDirectory(path: path, manifest: manifest, plan: plan, store: store)
    directory.lock = lock
    return directory
  }

  private static func lock(_ path: String) throws -> RunLock {
    do { return try RunLock(directory: path) } catch var held as RunHeld {
      let database = URL(fileURLWithPath: path).appendingPathComponent(databaseName).path
      held.holder = try? RunStore(path: database, create: false).holder()
      throw held
    }
  }

  /// Whether files without a manifest are what a start left that was killed: nothing but the files that it makes first, and
  /// nothing measured.
  private static func isUnfinishedStart(_ names: Set<String>, in path: String) -> Bool {
    let own = [databaseName, planName].flatMap { [$0, $0 + "-wal", $0 + "-shm", $0 + "-journal"] }
    guard names.subtracting(own).allSatisfy(isUnfinished) else { return false }
    guard names.contains(databaseName) else { return true }
    let database = URL(fileURLWithPath: path).appendingPathComponent(databaseName).path
    guard let size = try? FileManager.default.attributesOfItem(atPath: database)[.size] as? Int, size > 0 else {
      return true
    }
    guard let store = try? RunStore(path: database, create: false) else { return false }
    return (try? store.rows(AttemptRow.self).isEmpty && store.rows(ResultRow.self).isEmpty) ?? false
  }

  private static func isUnfinished(_ name: String) -> Bool {
    let parts = name.split(separator: ".")
    return parts.count > 2 && parts.last == unfinishedExtension[...] && Int32(parts[parts.count - 2]) != nil
  }

  /// Removes what processes that are gone left unfinished.
  private static func sweep(_ names: Set<String>, in directory: URL) throws {
    for name in names where isUnfinished(name) {
      let pid = name.split(separator: ".").dropLast().last.flatMap { Int32($0) } ?? 0
      if kill(pid, 0) != 0, errno == ESRCH { try remove(name, in: directory) }
    }
  }

  private static func remove(_ name: String, in directory: URL) throws {
    do {
      try FileManager.default.removeItem(at: directory.appendingPathComponent(name))
    } catch {
      throw InputError(
        file: directory.path, "expected a run directory that can be emptied: \(plainReason(error))")
    }
  }

  /// Opens the run at `path`.
  public init(opening path: String) throws {
    self.path = path
    func file(_ name: String) -> String { URL(fileURLWithPath: path).appendingPathComponent(name).path }
    guard FileManager.default.fileExists(atPath: path) else { throw InputError(file: path, "no such run directory") }
    manifest = try Manifest(
      json: readTextFile(file(Self.manifestName), limit: TextLimit.runFile), file: file(Self.manifestName))
    plan = try Plan(jsonLines: readTextFile(file(Self.planName), limit: TextLimit.runFile), file: file(Self.planName))
    store = try RunStore(path: file(Self.databaseName), create: false)
  }

  private init(path: String, manifest: Manifest, plan: Plan, store: RunStore) {
    self.path = path
    self.manifest = manifest
    self.plan = plan
    self.store = store
  }

  public static let hostMachineName = "host.yaml"
  static let manifestName = "manifest.json"
  static let planName = "plan.jsonl"
  static let databaseName = "results.sqlite"

  /// Points still to run, in execution order: those not done, hence also those that were skipped before, and with
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

  /// Writes every table as CSV, each file whole or not at all.
  public func exportCSV() throws {
    for type in RunStore.rowTypes {
      try write(store.csv(type), to: "\(type.table).csv")
    }
  }

  /// Exports, and notes in the manifest when the run ended.
  public func finish(at date: Date = Date()) throws {
    try exportCSV()
    try update { $0.finished = Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down)) }
  }

  /// Writes a file of the run, whole or not at all; missing directories on the way are made.
  public func write(_ text: String, to name: String) throws {
    let url = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Self.writeAtomically(text, to: url)
  }

  /// Names the hosts whose measurements the run holds.
  func setHost(_ host: String) throws { try update { $0.host = host } }

  private func update(_ change: (inout Manifest) -> Void) throws {
    var changed = manifest
    change(&changed)
    guard changed != manifest else { return }
    try write(changed.json(), to: Self.manifestName)
    manifest = changed
  }

  /// Of files that are not whole yet: the name they will have, the process that writes them, and this.
  private static let unfinishedExtension = "new"

  /// A file beside the target, renamed over it; of each process its own, because a report may be made beside a run.
  private static func writeAtomically(_ text: String, to url: URL) throws {
    let new = url.appendingPathExtension("\(getpid())").appendingPathExtension(unfinishedExtension)
    try Data(text.utf8).write(to: new)
    guard rename(new.path, url.path) == 0 else { throw SystemError(call: "rename \(url.path)", code: errno) }
  }

  // MARK: - Resuming

  func requireSame(plan: Plan, manifest: Manifest) throws {
    let old = self.manifest
    var lines = ExperimentDifference.lines(
      (old.experimentText, old.overrides), (manifest.experimentText, manifest.overrides))
    if old.shard != manifest.shard {
      lines += ["- shard: \(old.shard?.argument ?? "none")", "+ shard: \(manifest.shard?.argument ?? "none")"]
    }
    if old.kind != manifest.kind { lines += ["- points: \(old.kind)", "+ points: \(manifest.kind)"] }
    if old.host != manifest.host { lines += ["- host: \(old.host)", "+ host: \(manifest.host)"] }
    if lines.isEmpty {
      // The same words, but of another machine's size or of other kernels.
      let known = Set(self.plan.points.map(\.id))
      let asked = Set(plan.points.map(\.id))
      lines += self.plan.points.filter { !asked.contains($0.id) }.map { "- point: \($0.label)" }
      lines += plan.points.filter { !known.contains($0.id) }.map { "+ point: \($0.label)" }
    }
    if !lines.isEmpty { throw OtherRun.error(path, lines) }
  }
}
