import Foundation
import Measurement

/// The version of this tool, as manifests record it.
let toolVersion = "0.1.0"

/// The revision of the repository in which the tool was started.
struct GitRevision {
  var commit: String
  /// Nil where git does not say.
  var isDirty: Bool?

  /// Nil outside a repository, or without git.
  static func current() -> GitRevision? {
    guard let commit = git(["rev-parse", "HEAD"]), !commit.isEmpty else { return nil }
    return GitRevision(commit: commit, isDirty: git(["status", "--porcelain"]).map { !$0.isEmpty })
  }

  /// Nil where git fails, or does not answer: a repository on a file system that hangs keeps no run from starting.
  private static func git(_ arguments: [String]) -> String? {
    let process = try? ChildProcess.run(
      URL(fileURLWithPath: "/usr/bin/env"), ["git"] + arguments, seconds: timeoutSeconds)
    guard let process, process.ending == .exited(0) else { return nil }
    return String(decoding: process.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Beyond what `git status` takes over a large working tree on a network file system.
  private static let timeoutSeconds = 20.0
}
