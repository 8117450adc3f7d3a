import Foundation

/// The smallest experiment that exercises every room.
enum Tiny {
  static let layer = CommandLineTool.root.appendingPathComponent("Tests/Fixtures/lookupffn-bh4-d64-repeat2.safetensors")

  static let experiment = """
    schema: lookahead/experiment/1
    name: tiny
    seed: 1
    defaults:
      threads: 1
      hidden: 64
      tokens: 32
    sweeps:
      - name: lookup
        set: {kernel: lookup, tables: 4, table_rows: 16}
        axes: {memory: [local, interleave]}
      - name: dense
        set: {kernel: dense, intermediate: 128}
    measure: {min_samples: 6, min_seconds: 0, max_seconds: 0.05, warmup_seconds: 0}
    counters: [software, cycles]
    machines: [host, epyc-7763]

    """
}

func withDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url)
}
