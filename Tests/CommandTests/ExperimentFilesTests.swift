import Foundation
import TestSupport
import Testing

private let experiments: [String] =
  ((try? FileManager.default.contentsOfDirectory(
    atPath: CommandLineTool.root.appendingPathComponent("experiments").path)) ?? [])
  .filter { $0.hasSuffix(".yaml") }.sorted()

/// Every experiment of the repository can be previewed before it is run.
@Suite(.process) struct ExperimentFilesTests {
  @Test(arguments: experiments)
  func `a dry run lists every point with its memory and time, and what is skipped`(_ name: String) throws {
    let document = try CommandLineTool.json("run", "experiments/\(name)", "--dry-run", "--json")
    let points = try #require(document["points"] as? [[String: Any]])
    #expect(!points.isEmpty)
    var seconds = try #require(document["preparation_seconds"] as? Double)
    for point in points {
      #expect((point["memory_bytes"] as? Int ?? 0) > 0)
      if point["skipped"] is String {
        #expect(point["seconds"] is NSNull)
      } else {
        let expected = try #require(point["seconds"] as? Double)
        #expect(expected > 0)
        #expect(expected <= point["seconds_at_most"] as? Double ?? 0)
        seconds += expected
      }
    }
    #expect(abs(try #require(document["seconds"] as? Double) - seconds) < 1e-6 * seconds)
  }

  @Test func `a dry run for people ends with the time in all, and leaves nothing behind`() throws {
    try withDirectory { directory in
      let output = directory.appendingPathComponent("run").path
      let outcome = try CommandLineTool.run(
        "run", "experiments/threads.yaml", "--dry-run", "--output", output, "--set", "threads=512")
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("skipped: "))
      #expect(outcome.output.contains("Times are estimates from stated rates."))
      #expect(!FileManager.default.fileExists(atPath: output))
    }
  }

  @Test func `the schema that is published is the one that the tool prints`() throws {
    let outcome = try CommandLineTool.run("schema")
    let published = try String(
      contentsOf: CommandLineTool.root.appendingPathComponent("docs/experiment.schema.json"), encoding: .utf8)
    #expect(outcome.output == published)
  }
}
