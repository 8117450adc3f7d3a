import CLinux
import Foundation
import Profiler

/// A lock that gives a run directory a single writer. The kernel releases it when its process ends, however that
/// happens, so that no lock is ever stale.
final class RunLock {
  private let descriptor: Int32

  /// Throws `RunHeld` where another process holds the lock.
  init(directory: String) throws {
    descriptor = linux_lock_directory(directory)
    if descriptor == -EWOULDBLOCK { throw RunHeld(directory: directory, holder: nil) }
    guard descriptor >= 0 else { throw SystemError(call: "flock \(directory)", code: -descriptor) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }
}

/// The process that writes to a run directory.
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
  /// Nil where the holder has not stored its identity yet.
  var holder: RunHolder?

  public var description: String {
    let who =
      holder.map { "process \($0.pid) on \($0.host), since \($0.since)," } ?? "another process"
    return "\(directory): \(who) is running this sweep; wait for its end, or choose another directory"
  }
}
