import Foundation
import Profiler

/// The built tool as a process in the background, in a process group of its own.
final class RunningTool {
  let pid: pid_t
  private let shell = Process()
  private let directory: URL

  /// The executable that was built beside these tests.
  static let executable: URL = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    let folders = [own] + CommandLine.arguments
    let candidates = folders.map {
      URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("lookahead")
    }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? candidates[0]
  }()

  /// Starts the tool in `directory`, by which its processes are told apart from all others.
  init(_ arguments: [String], in directory: String) throws {
    self.directory = URL(fileURLWithPath: directory)
    let number = self.directory.appendingPathComponent(".pid")
    try? FileManager.default.removeItem(at: number)
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    // Job control gives the job a process group of its own, with the number of its first process.
    shell.arguments =
      [
        "-c", "set -m; \"$0\" \"$@\" >out 2>err & echo $! >.pid.new; mv .pid.new .pid; wait $!", Self.executable.path,
      ] + arguments
    shell.currentDirectoryURL = self.directory
    shell.standardInput = FileHandle.nullDevice
    shell.standardError = FileHandle.nullDevice
    try shell.run()
    var pid: pid_t?
    while pid == nil {
      usleep(1000)
      pid = (try? String(contentsOf: number, encoding: .utf8)).flatMap { pid_t($0.trimmingCharacters(in: .newlines)) }
    }
    self.pid = pid ?? 0
  }

  /// The exit code, or 128 + the signal that ended the process: SIGKILL where it does not end within two minutes, far
  /// longer than any test here takes.
  func wait() -> Int32 {
    for _ in 0..<12_000 where shell.isRunning { usleep(10_000) }
    if shell.isRunning { kill(-pid, SIGKILL) }
    shell.waitUntilExit()
    return shell.terminationStatus
  }

  var messages: String {
    (try? String(contentsOf: directory.appendingPathComponent("err"), encoding: .utf8)) ?? ""
  }

  /// Whether a process of the run is left, including its launches, which all work in its directory.
  var hasProcesses: Bool { !processes.isEmpty }

  private var processes: [pid_t] {
    let numbers = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    return numbers.filter { number in
      let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(number)/cwd")
      return place == directory.resolvingSymlinksInPath().path && number != shell.processIdentifier
    }
  }

  /// Waits until no process of the run is left; false where one stays for 10 s, far longer than the kernel needs.
  func isGone() -> Bool {
    for _ in 0..<1000 {
      if !hasProcesses { return true }
      usleep(10_000)
    }
    return false
  }

  /// Waits until `condition` holds; false after a minute, which no step of a tiny run takes.
  static func waits(for condition: () -> Bool) -> Bool {
    for _ in 0..<6000 {
      if condition() { return true }
      usleep(10_000)
    }
    return false
  }
}
