import Foundation
import TestSupport
import Testing

/// Verbs on other users' runs and files: none of them is replaced, and reading changes nothing.
@Suite(.process) struct OtherRunsTests {
  private func measured(_ directory: URL, _ name: String) throws -> String {
    let file = directory.appendingPathComponent("tiny.yaml")
    try Data(Tiny.experiment.utf8).write(to: file)
    let run = directory.appendingPathComponent(name).path
    let outcome = try CommandLineTool.run("run", file.path, "--output", run, "--allow-debug", "--quiet")
    #expect(outcome.status == 0, "\(outcome.messages)")
    return run
  }

  private func contents(_ path: String) throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: path)
    return Dictionary(
      uniqueKeysWithValues: names.compactMap { name in
        FileManager.default.contents(atPath: "\(path)/\(name)").map { (name, $0) }
      })
  }

  @Test func `a run is not written over by a study, read without a change, and restarted without loss`() throws {
    try withDirectory { directory in
      let run = try measured(directory, "a")
      let other = directory.appendingPathComponent("b").path
      try FileManager.default.copyItem(atPath: run, toPath: other)
      try Data("# mine\n".utf8).write(to: URL(fileURLWithPath: "\(other)/notes.md"))
      let before = try contents(other)
      for arguments in [
        ["validate", run, "--report", other], ["compare", run, run, "--output", other],
        ["export", run, "--output", other],
        ["explore", "experiments/future-cpus.yaml", "--target", "min l2 speedup>=4", "--output", other],
      ] {
        let outcome = try CommandLineTool.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.messages.contains("\(other)/manifest.json: expected an empty directory"), "\(outcome.messages)")
        #expect(outcome.messages.split(separator: "\n").count == 1)
        #expect(outcome.output.isEmpty)
      }
      // Studies in directories of their own, written twice.
      let studies = directory.appendingPathComponent("studies").path
      for _ in 1...2 {
        for arguments in [
          ["validate", other, "--report", "\(studies)/v"], ["compare", other, run, "--output", "\(studies)/c"],
          ["export", other, "--output", "\(studies)/e"],
          ["run", directory.appendingPathComponent("tiny.yaml").path, "--dry-run", "--timings", other],
          ["project", other, "--machine", "epyc-7763"],
        ] {
          let outcome = try CommandLineTool.run(arguments)
          #expect(outcome.status == 0 || arguments[0] == "compare", "\(outcome.messages)")
        }
      }
      #expect(try contents(other) == before)

      // A file in the place of report.md cannot be overwritten.
      try FileManager.default.removeItem(atPath: "\(other)/report.md")
      try FileManager.default.createDirectory(atPath: "\(other)/report.md", withIntermediateDirectories: true)
      let failed = try CommandLineTool.run("report", other)
      #expect(failed.status == 1)
      #expect(failed.messages.contains("cannot write to \(other)/report.md"), "\(failed.messages)")
      #expect(failed.messages.split(separator: "\n").count == 1)
      try FileManager.default.removeItem(atPath: "\(other)/report.md")

      let restarted = try CommandLineTool.run(
        "run", directory.appendingPathComponent("tiny.yaml").path, "--output", other, "--restart", "--allow-debug",
        "--quiet")
      #expect(restarted.status == 0, "\(restarted.messages)")
      #expect(try String(contentsOfFile: "\(other)/notes.md", encoding: .utf8) == "# mine\n")
    }
  }
}
