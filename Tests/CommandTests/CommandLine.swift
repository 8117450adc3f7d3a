import Foundation

/// Runs the built `lookahead` as a user does: a process, its two outputs and its exit code.
struct CommandLineTool {
  struct Outcome {
    var output: String
    var messages: String
    var status: Int32
  }

  /// The executable that was built beside these tests.
  static let executable: URL = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("lookahead")
  }()

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func run(_ arguments: String...) throws -> Outcome { try run(arguments) }

  /// `variables` are added to the environment.
  static func run(_ arguments: [String], variables: [String: String] = [:]) throws -> Outcome {
    let process = Process()
    process.executableURL = executable
    process.environment = ProcessInfo.processInfo.environment.merging(variables) { _, new in new }
    process.arguments = arguments
    process.currentDirectoryURL = root
    // Files rather than pipes: a full pipe would block the process while we read the other one.
    let directory = FileManager.default.temporaryDirectory
    let outputs = ["out", "err"].map { directory.appendingPathComponent("lookahead-\(UUID().uuidString).\($0)") }
    defer { for url in outputs { try? FileManager.default.removeItem(at: url) } }
    for url in outputs { try Data().write(to: url) }
    process.standardOutput = try FileHandle(forWritingTo: outputs[0])
    process.standardError = try FileHandle(forWritingTo: outputs[1])
    try process.run()
    process.waitUntilExit()
    return Outcome(
      output: try String(contentsOf: outputs[0], encoding: .utf8),
      messages: try String(contentsOf: outputs[1], encoding: .utf8), status: process.terminationStatus)
  }

  /// Runs and parses standard output as one JSON object.
  static func json(_ arguments: String...) throws -> [String: Any] {
    let document = try JSONSerialization.jsonObject(with: Data(run(arguments).output.utf8))
    return document as? [String: Any] ?? [:]
  }
}
