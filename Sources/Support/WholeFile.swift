import Foundation

/// Writing a file whole or not at all: beside its place first, then renamed over it, so that whoever reads meanwhile, or after
/// a kill, finds the old file or the new one.
public enum WholeFile {
  /// Refuses an empty path, such as a shell's variable that is not set leaves: what is written beside it would go to the root.
  public static func requireName(_ path: String) throws {
    if path.isEmpty { throw InputError("expected a path to write to, found an empty one") }
  }

  /// Ends the name of a file that is not whole yet: NAME.PID.new. Each process has its own, since two may write at a time.
  private static let unfinishedExtension = "new"

  /// Writes `text` to `path`, whose directory exists. A link at `path` is replaced and not followed. Throws `FileNotWritten`.
  public static func write(_ text: String, to path: String) throws {
    let new = "\(path).\(getpid()).\(unfinishedExtension)"
    // Made anew: what lies there, such as a link, is not written through.
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

  /// Makes `directory` and those above it; throws `FileNotWritten`.
  public static func makeDirectory(_ directory: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw FileNotWritten(path: directory, reason: plainReason(error))
    }
  }

  /// The name that the unfinished file `name` was going to have, and the process that wrote it; nil for any other name.
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
