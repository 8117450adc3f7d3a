import Foundation

/// The version of this tool, as manifests record it.
let toolVersion = "0.1.0"

/// The revision of the repository in which the tool was started.
struct GitRevision {
  var commit: String
  var isDirty: Bool

  /// Nil outside a repository, or without git.
  static func current() -> GitRevision? {
    guard let commit = git(["rev-parse", "HEAD"]), !commit.isEmpty else { return nil }
    return GitRevision(commit: commit, isDirty: git(["status", "--porcelain"])?.isEmpty == false)
  }

  private static func git(_ arguments: [String]) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git"] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
