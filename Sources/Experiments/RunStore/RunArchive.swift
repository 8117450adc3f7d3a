import Foundation
import GRDB
import Profiler
import Support

/// A run in one file: its database, with the run's text files in the table `meta`.
///
/// A run under way is a directory on a local disk, whose files change one after another. A single file can be placed
/// on a shared file system whole or not at all, and replaced while others read it.
public struct RunArchive: Equatable, Sendable {
  public let path: String

  public init(path: String) {
    self.path = path
  }

  public static let fileExtension = "sqlite"

  private static let texts = [RunDirectory.manifestName, RunDirectory.planName, RunDirectory.hostMachineName]
  private static func key(_ name: String) -> String { "archive \(name)" }

  /// Writes `run` as it is now, replacing an earlier file. The run may be under way in this process.
  public func write(_ run: RunDirectory) throws {
    // The snapshot of a run under way is made beside its database. A run opened for reading may belong to another
    // user, so its snapshot goes to the temporary directory.
    let snapshot =
      run.isWritten
      ? "\(run.path)/archive.\(getpid()).new"
      : FileManager.default.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)").path
    try? FileManager.default.removeItem(atPath: snapshot)
    defer { try? FileManager.default.removeItem(atPath: snapshot) }
    // The copy has no log, so that it is one file.
    try run.store.database.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [snapshot]) }
    let copy = try DatabaseQueue(path: snapshot)
    try copy.write { db in
      for name in Self.texts {
        guard let text = try? readRunFile("\(run.path)/\(name)") else { continue }
        try db.execute(
          sql: "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", arguments: [Self.key(name), text])
      }
    }
    try copy.close()
    try put(Data(contentsOf: URL(fileURLWithPath: snapshot)))
  }

  /// Writes to a temporary name and syncs to disk before renaming.
  private func put(_ data: Data) throws {
    let url = URL(fileURLWithPath: path)
    let new = url.deletingLastPathComponent().appendingPathComponent(
      ".\(url.lastPathComponent).\(ProcessInfo.processInfo.hostName).\(getpid()).new")
    do {
      try data.write(to: new)
      let handle = try FileHandle(forWritingTo: new)
      try handle.synchronize()
      try handle.close()
      guard rename(new.path, url.path) == 0 else { throw SystemError(call: "rename \(url.path)", code: errno) }
    } catch {
      try? FileManager.default.removeItem(at: new)
      throw error
    }
  }

  /// Opens a copy of the run, in a directory under `scratch` (on a local disk) that is removed afterwards. Throws
  /// `InputError` for a file that is no intact run.
  public func read<Result>(scratch: String, _ body: (RunDirectory) throws -> Result) throws -> Result {
    guard OwnFiles.kind(path) == S_IFREG else { throw InputError(file: path, "expected a regular file") }
    let directory = URL(fileURLWithPath: scratch).appendingPathComponent("lookahead-\(UUID().uuidString)")
    let files = FileManager.default
    do {
      try files.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw InputError(file: scratch, "expected a directory that can be written to: \(plainReason(error))")
    }
    defer { try? files.removeItem(at: directory) }
    let database = directory.appendingPathComponent(RunDirectory.databaseName).path
    do {
      try files.copyItem(atPath: path, toPath: database)
    } catch {
      throw InputError(file: path, "expected a run in one file that can be read: \(plainReason(error))")
    }
    try unpack(database, into: directory)
    let run = try RunDirectory(writing: directory.path)
    defer { try? run.store.close() }
    return try body(run)
  }

  private func unpack(_ database: String, into directory: URL) throws {
    var texts: [String: String] = [:]
    do {
      let queue = try DatabaseQueue(path: database)
      try queue.write { db in
        if let problem = try String.fetchOne(db, sql: "PRAGMA quick_check(1)"), problem != "ok" {
          throw InputError(file: path, "expected a run in one file, found a damaged one: \(problem)")
        }
        for name in Self.texts {
          texts[name] = try String.fetchOne(
            db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [Self.key(name)])
          try db.execute(sql: "DELETE FROM meta WHERE key = ?", arguments: [Self.key(name)])
        }
      }
      try queue.close()
    } catch let error as DatabaseError {
      throw InputError(file: path, "expected a run in one file: \(error.message ?? "unreadable")")
    }
    guard texts[RunDirectory.manifestName] != nil, texts[RunDirectory.planName] != nil else {
      throw InputError(file: path, "expected a run in one file, found a database without its plan")
    }
    for (name, text) in texts { try Data(text.utf8).write(to: directory.appendingPathComponent(name)) }
  }
}
