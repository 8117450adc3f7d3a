import Foundation
import Measurement

/// The version of this tool, as manifests record it.
let toolVersion = "0.2.0"

/// The revision of the repository in which the tool was started.
struct GitRevision {
  var commit: String
  /// Nil where git gives no answer.
  var isDirty: Bool?

  /// Nil outside a repository, or without git.
  static func current() -> GitRevision? {
    guard let commit = git(["rev-parse", "HEAD"]), !commit.isEmpty else { return nil }
    return GitRevision(commit: commit, isDirty: git(["status", "--porcelain"]).map { !$0.isEmpty })
  }

  /// Nil where git fails or times out, so that a repository on a file system that hangs does not block a run.
  private static func git(_ arguments: [String]) -> String? {
    let process = try? ChildProcess.run(
      URL(fileURLWithPath: "/usr/bin/env"), ["git"] + arguments, seconds: timeoutSeconds)
    guard let process, process.ending == .exited(0) else { return nil }
    return String(decoding: process.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Longer than `git status` takes over a large working tree on a network file system.
  private static let timeoutSeconds = 20.0
}
