import Foundation
import TestSupport
import Testing

/// `compare` and `export` on real runs of the smallest experiment.
@Suite(.process) struct CompareTests {
  private func measured(_ directory: URL, _ name: String, _ overrides: String...) throws -> String {
    let file = directory.appendingPathComponent("tiny.yaml")
    try Data(Tiny.experiment.utf8).write(to: file)
    let run = directory.appendingPathComponent(name).path
    let outcome = try CommandLineTool.run(
      ["run", file.path, "--output", run, "--allow-debug", "--quiet"] + overrides.flatMap { ["--set", $0] })
    #expect(outcome.status == 0, "\(outcome.messages)")
    return run
  }

  @Test func `a run against itself is never different, in every form`() throws {
    try withDirectory { directory in
      let run = try measured(directory, "a")
      let outcome = try CommandLineTool.run(
        "compare", run, run, "--output", directory.appendingPathComponent("out").path)
      #expect(outcome.status == 0, "\(outcome.messages)")
      #expect(outcome.output.contains("3 points: 3 same"))
      let csv = try String(contentsOf: directory.appendingPathComponent("out/comparison.csv"), encoding: .utf8)
      #expect(csv.split(separator: "\n").count == 4)
      let document = try CommandLineTool.json("compare", run, run, "--json")
      let points = try #require(document["points"] as? [[String: Any]])
      #expect(points.count == 3)
      #expect(points.allSatisfy { $0["change"] as? Double == 0 })
      #expect((document["counts"] as? [String: Int])?["slower"] == 0)

      // Two parts of one run, where the dense point has the same placement on both sides only once.
      let parts = try CommandLineTool.run(
        "compare", "\(run):memory=local,kernel=lookup", "\(run):memory=interleave", "--csv")
      #expect(parts.output.contains("lookup"), "\(parts.messages)")

      for (arguments, expected) in [
        ([run, run, "--accept", "governer"], "did you mean 'governor'?"),
        (["\(run):tokenz=1", run], "did you mean 'tokens'?"),
        (["\(run):tokens=3", run], "expected points with tokens=3, found none"),
      ] {
        let refused = try CommandLineTool.run(["compare"] + arguments)
        #expect(refused.status == 64)
        #expect(refused.messages.contains(expected), "\(refused.messages)")
      }

      let exported = directory.appendingPathComponent("exported").path
      let export = try CommandLineTool.run("export", run, "--output", exported)
      #expect(export.status == 0)
      let lines = try String(contentsOfFile: "\(exported)/samples.jsonl", encoding: .utf8).split(separator: "\n")
      let rows = try String(contentsOfFile: "\(exported)/samples.csv", encoding: .utf8).split(separator: "\n")
      #expect(lines.count == rows.count - 1 && !lines.isEmpty)
      let line = try #require(lines.first)
      let first = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
      #expect(Set(first.keys) == Set(rows[0].split(separator: ",").map(String.init)))
      let result = try String(contentsOfFile: "\(exported)/results.jsonl", encoding: .utf8).split(separator: "\n")[0]
      #expect(result.contains("\"reason\":null"))
    }
  }

  @Test(arguments: [
    (["compare", "/no/such/run", "/no/such/run"], "/no/such/run: no such run directory"),
    (
      ["compare", "a", "b", "--threshold", "lots"],
      "--threshold: expected a share below 100 %, such as 2% or 0.02, found 'lots'"
    ),
    (["export", "/no/such/run"], "/no/such/run: no such run directory"),
  ])
  func `what cannot be compared or exported is said in one line`(arguments: [String], expected: String) throws {
    let outcome = try CommandLineTool.run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.messages.split(separator: "\n").count == 1, "\(outcome.messages)")
    #expect(outcome.messages.contains(expected), "\(outcome.messages)")
  }
}
