import Foundation
import Support
import Testing

@testable import Plans

/// An experiment of one sweep, with `lines` as its body.
func experiment(_ lines: String, overrides: [String] = []) throws -> Experiment {
  try Experiment(
    text: "schema: lookahead/experiment/1\nname: test\n" + lines, file: "test.yaml", overrides: overrides)
}

/// The error message for an experiment with `lines` as its body; nil where it is valid.
func complaint(_ lines: String, overrides: [String] = []) -> String? {
  do {
    _ = try Plan(experiment(lines, overrides: overrides), cpuCount: 2)
    return nil
  } catch { return "\(error)" }
}

/// Calls `body` with the path of a fresh directory that is removed afterwards.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path)
}

/// A safetensors file of the repository's fixtures.
func fixture(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/\(name)").path
}
