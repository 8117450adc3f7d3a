import Foundation

/// Paths of the stored layers under Tests/Fixtures.
enum Fixture {
  static let directory = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures").path

  static func path(_ name: String) -> String { "\(directory)/\(name).safetensors" }

  static let lookupLayers = [
    "lookupffn-bh4-d128", "lookupffn-bh4-d64-repeat2", "lookupffn-bh4-d96-padded", "lookupffn-dense-d128",
  ]
  static let allLayers = lookupLayers + ["dense-ffn-minilm-l6-layer3"]
}

/// Writes `bytes` to a temporary file, runs `body` on its path, and removes it.
func withTemporaryFile<Result>(_ bytes: Data, _ body: (String) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)")
  try bytes.write(to: url)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path)
}

/// The message of the error that `body` throws; empty where it throws none.
func errorMessage(_ body: () throws -> Void) -> String {
  do { try body() } catch { return "\(error)" }
  return ""
}
