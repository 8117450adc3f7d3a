import Foundation

/// The gnuplot program, run as a process.
public struct Gnuplot {
  private let executable: String

  /// The first `gnuplot` in PATH; nil where there is none.
  public static func find(path: String? = ProcessInfo.processInfo.environment["PATH"]) -> Gnuplot? {
    (path ?? "").split(separator: ":").map { "\($0)/gnuplot" }
      .first(where: FileManager.default.isExecutableFile).map(Gnuplot.init)
  }

  private init(executable: String) {
    self.executable = executable
  }

  /// Runs `name`.gp in `directory`, which writes `name`.svg there; returns what went wrong, nil on success.
  func draw(_ name: String, in directory: String) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.arguments = ["\(name).gp"]
    let messages = Pipe()
    process.standardError = messages
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      return "gnuplot did not start: \(error.localizedDescription)"
    }
    let output = messages.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus != 0 else { return nil }
    // Half a picture is worse than none.
    try? FileManager.default.removeItem(atPath: "\(directory)/\(name).svg")
    let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
    return lines.last.map(String.init) ?? "gnuplot ended with status \(process.terminationStatus)"
  }
}
