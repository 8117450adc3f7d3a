import Foundation
import GRDB
import Support

/// A private copy of a run's database for readers, which may read a run under way, on a read-only mount, of another
/// user, or of an older version.
///
/// SQLite cannot read such a database without writing: it makes files beside it, marks readers in them, and would
/// have to checkpoint a write-ahead log that is left over. Reading with `immutable=1` would ignore the log. So the
/// database is copied with its log, and everything that has to be written is written to the copy
/// (sqlite.org/wal.html, "Read-Only Databases"; the names and locks are those of sqlite.org/walformat.html).
enum DatabaseCopy {
  /// Opens a copy of the database at `path`, after `prepare` has migrated it. The copy is unlinked when this returns,
  /// and is deleted with the connection. No byte of the original or of its directory changes.
  static func open(_ path: String, prepare: (DatabaseQueue) throws -> Void) throws -> DatabaseQueue {
    try requireDatabase(path)
    let files = FileManager.default
    let folder = files.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)").path
    guard mkdir(folder, 0o700) == 0 else {
      throw FileNotWritten(path: files.temporaryDirectory.path, reason: String(cString: strerror(errno)))
    }
    defer { try? files.removeItem(atPath: folder) }
    let copy = "\(folder)/\(RunDirectory.databaseName)"
    try copyWhole(path, to: copy)
    var configuration = Configuration()
    configuration.label = path
    let queue = try DatabaseQueue(path: copy, configuration: configuration)
    // Checkpoints the log, and needs no file beside the database from here on.
    try queue.writeWithoutTransaction { _ = try String.fetchOne($0, sql: "PRAGMA journal_mode = MEMORY") }
    try prepare(queue)
    return queue
  }

  /// Throws `InputError` unless `path` is a file that begins as a database does. SQLite would accept an empty file as
  /// an empty database.
  static func requireDatabase(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw InputError(file: path, errno == ENOENT ? "no such file" : String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw InputError(file: path, "expected a database of a run, found no regular file")
    }
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw InputError(file: path, "expected a readable file")
    }
    let head = (try? file.read(upToCount: 16)) ?? Data()
    guard head == Data("SQLite format 3\0".utf8) else {
      throw InputError(
        file: path, "expected a database of a run, found \(head.isEmpty ? "an empty file" : "another kind of file")")
    }
  }

  // MARK: - Copying

  /// The write-ahead log, and the rollback journal that SQLite's other mode leaves after a crash.
  private static let companions = ["-wal", "-journal"]

  /// The time limit for a writer that keeps changing the files.
  private static let patienceNanoseconds: UInt64 = 10_000_000_000
  private static let pauseMicroseconds: UInt32 = 10_000

  /// Copies the database and its companions as they are at one moment.
  private static func copyWhole(_ path: String, to copy: String) throws {
    let deadline = DispatchTime.now().uptimeNanoseconds + patienceNanoseconds
    repeat {
      if try copyOnce(path, to: copy) { return }
      usleep(pauseMicroseconds)
    } while DispatchTime.now().uptimeNanoseconds < deadline
    throw InputError(file: path, "expected a database that stays as it is while it is copied; try again")
  }

  /// False where the files changed during the copy, or a writer is checkpointing.
  private static func copyOnce(_ path: String, to copy: String) throws -> Bool {
    guard let hold = CheckpointHold("\(path)-shm") else { return false }
    defer { hold.release() }
    let before = [path] + companions.map { path + $0 }
    let states = before.map(FileState.init)
    for (name, state) in zip(before, states) {
      let target = copy + name.dropFirst(path.count)
      unlink(target)
      if state.exists { try copyFile(name, to: target) }
    }
    return zip(before, states).allSatisfy { name, state in
      let now = FileState(name)
      // A log grows at its end while it is copied; what is not committed in the copy is ignored.
      return name.hasSuffix("-wal") ? now.exists == state.exists && now.node == state.node : now == state
    }
  }

  private static func copyFile(_ path: String, to target: String) throws {
    guard let source = FileHandle(forReadingAtPath: path) else {
      throw InputError(file: path, "expected a readable file")
    }
    guard FileManager.default.createFile(atPath: target, contents: nil),
      let sink = FileHandle(forWritingAtPath: target)
    else { throw FileNotWritten(path: target, reason: String(cString: strerror(errno))) }
    defer { try? sink.close() }
    while true {
      let data: Data
      do { data = try source.read(upToCount: 1 << 20) ?? Data() } catch {
        throw InputError(file: path, "expected a readable file: \(plainReason(error))")
      }
      if data.isEmpty { return }
      do { try sink.write(contentsOf: data) } catch {
        throw FileNotWritten(path: target, reason: plainReason(error))
      }
    }
  }

  private struct FileState: Equatable {
    var exists: Bool
    var node: UInt64 = 0
    var size: Int64 = 0
    var seconds = 0
    var nanoseconds = 0

    init(_ path: String) {
      var status = stat()
      exists = stat(path, &status) == 0
      guard exists else { return }
      node = UInt64(status.st_ino)
      size = Int64(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  /// Keeps writers from checkpointing while both files are copied: a shared lock on the byte of the log's index that
  /// SQLite locks for a checkpoint. It changes nothing in the file, and a writer that finds it locked checkpoints
  /// later.
  private struct CheckpointHold {
    /// WAL_CKPT_LOCK, after the 120 bytes of the index's header.
    private static let byte = 121
    /// F_OFD_SETLK of linux/fcntl.h, a lock of the open file description. A lock of the process would be lost, with
    /// SQLite's own, whenever any descriptor of the file is closed.
    private static let setLock: Int32 = 37

    private let descriptor: Int32

    /// Nil during a checkpoint. Without an index file no process has the database open, and nothing is locked.
    init?(_ path: String) {
      descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return }
      var lock = flock()
      lock.l_type = Int16(F_RDLCK)
      lock.l_whence = Int16(SEEK_SET)
      lock.l_start = Self.byte
      lock.l_len = 1
      guard fcntl(descriptor, Self.setLock, &lock) == 0 || (errno != EAGAIN && errno != EACCES) else {
        close(descriptor)
        return nil
      }
    }

    func release() {
      if descriptor >= 0 { close(descriptor) }
    }
  }
}
