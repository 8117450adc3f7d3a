import Foundation
import InputFiles

/// A directory that holds one run: manifest.json, plan.jsonl, results.sqlite, and the CSV files exported from it.
public final class RunDirectory {
  public let path: String
  public private(set) var manifest: Manifest
  public let plan: Plan
  public let store: RunStore

  /// Starts a run in an empty or absent directory, or resumes the run of the same experiment that is there; then points
  /// already done stay done, and the manifest of the first start is kept.
  ///
  /// Throws, and changes nothing, where the directory holds anything else.
  public static func createOrResume(at path: String, plan: Plan, manifest: Manifest) throws -> RunDirectory {
    let files = FileManager.default
    let url = URL(fileURLWithPath: path)
    if files.fileExists(atPath: url.appendingPathComponent(manifestName).path) {
      let directory = try RunDirectory(opening: path)
      try directory.requireSame(plan: plan, manifest: manifest)
      try directory.update { $0.finished = nil }
      return directory
    }
    if let found = try? files.contentsOfDirectory(atPath: path), let first = found.sorted().first {
      throw InputError(
        file: path, "expected an empty directory or a run directory, found '\(first)' and no \(manifestName)")
    }
    do {
      try files.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw InputError(file: path, "expected a directory that can be made: \(error.localizedDescription)")
    }
    let store = try RunStore(path: url.appendingPathComponent(databaseName).path, create: true)
    try store.add(plan)
    try writeAtomically(plan.jsonLines(), to: url.appendingPathComponent(planName))
    // Last, because its presence is what makes the directory a run.
    try writeAtomically(manifest.json(), to: url.appendingPathComponent(manifestName))
    return RunDirectory(path: path, manifest: manifest, plan: plan, store: store)
  }

  /// Removes the run at `path`; a directory that holds none, or none there, is left as it is.
  public static func discard(at path: String) throws {
    let url = URL(fileURLWithPath: path)
    guard FileManager.default.fileExists(atPath: url.appendingPathComponent(manifestName).path) else { return }
    do {
      try FileManager.default.removeItem(at: url)
    } catch {
      throw InputError(file: path, "expected a run directory that can be removed: \(error.localizedDescription)")
    }
  }

  /// Opens the run at `path`.
  public init(opening path: String) throws {
    self.path = path
    func file(_ name: String) -> String { URL(fileURLWithPath: path).appendingPathComponent(name).path }
    guard FileManager.default.fileExists(atPath: path) else { throw InputError(file: path, "no such run directory") }
    manifest = try Manifest(json: readTextFile(file(Self.manifestName)), file: file(Self.manifestName))
    plan = try Plan(jsonLines: readTextFile(file(Self.planName)), file: file(Self.planName))
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

  /// Points still to run, in execution order: those not done, hence also those that failed or were skipped before.
  public func pendingPoints() throws -> [Point] {
    let statuses = try store.statuses()
    return plan.executionOrder.filter { statuses[$0.id] != .done }
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

  private func update(_ change: (inout Manifest) -> Void) throws {
    var changed = manifest
    change(&changed)
    guard changed != manifest else { return }
    try write(changed.json(), to: Self.manifestName)
    manifest = changed
  }

  /// Foundation's atomic write: a temporary file beside the target, renamed over it.
  private static func writeAtomically(_ text: String, to url: URL) throws {
    try Data(text.utf8).write(to: url, options: .atomic)
  }

  // MARK: - Resuming

  private func requireSame(plan: Plan, manifest: Manifest) throws {
    func refuse(_ key: String, _ difference: String) -> InputError {
      InputError(
        file: path, key: key, "this directory holds another run: \(difference); choose another directory or delete it")
    }
    let old = self.manifest
    if let difference = Self.firstDifference(old.experimentText, manifest.experimentText) {
      throw refuse("experiment \(old.experiment)", difference)
    }
    guard old.overrides == manifest.overrides else {
      throw refuse("--set", "it was run with \(old.overrides), now \(manifest.overrides)")
    }
    guard old.host == manifest.host else {
      throw refuse("host", "it was measured on \(old.host), this is \(manifest.host)")
    }
    let known = Set(self.plan.points.map(\.id))
    let asked = Set(plan.points.map(\.id))
    guard known == asked else {
      let label =
        (plan.points.first { !known.contains($0.id) } ?? self.plan.points.first { !asked.contains($0.id) })?.label ?? ""
      throw refuse(
        "plan",
        "\(asked.subtracting(known).count) points are new and \(known.subtracting(asked).count) gone, such as '\(label)'"
      )
    }
  }

  /// The first line in which two texts differ, in words; nil for equal texts.
  private static func firstDifference(_ old: String, _ new: String) -> String? {
    let old = old.split(separator: "\n", omittingEmptySubsequences: false)
    let new = new.split(separator: "\n", omittingEmptySubsequences: false)
    for line in 0..<max(old.count, new.count) {
      let before = line < old.count ? "'\(old[line])'" : "nothing"
      let after = line < new.count ? "'\(new[line])'" : "nothing"
      if before != after { return "line \(line + 1) was \(before), now \(after)" }
    }
    return nil
  }
}
