import Foundation

/// Writes a file whole or not at all: to a temporary name beside it, which is then renamed, so that a reader at any
/// time, even after a kill, finds the old file or the new one.
public enum WholeFile {
  /// Refuses an empty path, such as an unset shell variable gives: the temporary file would be written to the root
  /// directory.
  public static func requireName(_ path: String) throws {
    if path.isEmpty { throw InputError("expected a path to write to, found an empty one") }
  }

  /// The extension of an unfinished file: NAME.PID.new. Each process has its own, since two may write at a time.
  private static let unfinishedExtension = "new"

  /// Writes `text` to `path`, whose directory exists. A link at `path` is replaced and not followed. Throws `FileNotWritten`.
  public static func write(_ text: String, to path: String) throws {
    let new = "\(path).\(getpid()).\(unfinishedExtension)"
    // The file is created anew, so that a link with this name is not followed.
    unlink(new)
    let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw failure(path) }
    do {
      defer { close(file) }
      var bytes = Array(text.utf8)[...]
      while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else {
          let error = failure(path)
          unlink(new)
          throw error
        }
        bytes = bytes.dropFirst(count)
      }
    }
    guard rename(new, path) == 0 else {
      let error = failure(path)
      unlink(new)
      throw error
    }
  }

  /// Creates `directory` and its parents. Throws `FileNotWritten`.
  public static func makeDirectory(_ directory: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw FileNotWritten(path: directory, reason: plainReason(error))
    }
  }

  /// The final name of the unfinished file `name` and the process that wrote it; nil for any other name.
  public static func unfinished(_ name: String) -> (name: String, process: Int32)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 2, parts.last == unfinishedExtension[...], let process = Int32(parts[parts.count - 2]) else {
      return nil
    }
    return (parts.dropLast(2).joined(separator: "."), process)
  }

  private static func failure(_ path: String) -> FileNotWritten {
    FileNotWritten(path: path, reason: String(cString: strerror(errno)))
  }
}
