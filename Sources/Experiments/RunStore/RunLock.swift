import CLinux
import Foundation
import Profiler

/// Keeps a run directory to one writer. The kernel drops the lock with the process that holds it, however that ends, so
/// that none is ever stale.
final class RunLock {
  private let descriptor: Int32

  /// Throws `RunHeld` where another process has the directory.
  init(directory: String) throws {
    descriptor = linux_lock_directory(directory)
    if descriptor == -EWOULDBLOCK { throw RunHeld(directory: directory, holder: nil) }
    guard descriptor >= 0 else { throw SystemError(call: "flock \(directory)", code: -descriptor) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }
}

/// Who writes to a run directory.
struct RunHolder: Codable, Equatable {
  var host: String
  var pid: Int32
  var since: String

  static func current() -> RunHolder {
    RunHolder(host: ProcessInfo.processInfo.hostName, pid: getpid(), since: Manifest.timestamp(Date()))
  }
}

/// A run directory that another process writes to.
public struct RunHeld: Error, CustomStringConvertible {
  let directory: String
  /// Nil where it has not got as far as to say.
  var holder: RunHolder?

  public var description: String {
    let who =
      holder.map { "process \($0.pid) on \($0.host), since \($0.since)," } ?? "another process"
    return "\(directory): \(who) is running this sweep; wait for its end, or choose another directory"
  }
}
