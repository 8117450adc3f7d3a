import Foundation
import TestSupport
import Testing

@testable import Machines
@testable import Plans
@testable import Reports
@testable import RunStore
@testable import Studies

/// Every report names the plots that could not be drawn in the same words, and shows none of them.
@Suite(.process) struct PlotFailureTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("reports-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try body(path)
  }

  /// A gnuplot that fails with a message.
  private func failing(_ folder: String) throws -> Gnuplot {
    try Data("#!/bin/sh\necho no *fonts* here >&2\nexit 1\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/gnuplot"))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/gnuplot")
    return try #require(Gnuplot.find(path: folder))
  }

  private func check(_ problems: [String], _ path: String, command: String, plot: String, isMissing: Bool) throws {
    let text = try String(contentsOfFile: "\(path)/report.md", encoding: .utf8)
    #expect(!text.contains("](plots/"))
    #expect(text.contains("\nWarnings:\n\n"))
    #expect(FileManager.default.fileExists(atPath: "\(path)/plots/\(plot).gp"))
    if isMissing {
      #expect(text.contains("(`apt install gnuplot-nox`) and run `\(command)` again."))
      #expect(
        problems == [
          "gnuplot was not found, so that the plots are not drawn; install it (apt install gnuplot-nox) and run \(command) again."
        ])
    } else {
      #expect(problems.first == "Plot \(plot) could not be drawn: no *fonts* here")
      #expect(text.contains("- Plot \(plot) could not be drawn: no \\*fonts\\* here\n"))
    }
  }

  @Test(arguments: [true, false]) func `a run's report does`(isMissing: Bool) throws {
    try withFolder { folder in
      try withRunDirectory("plot-failures") { path in
        let run = try SyntheticRun(SyntheticRun.strategies, at: path)
        try run.fillStudy()
        let report = try RunReport.write(run.directory, gnuplot: isMissing ? nil : failing(folder))
        try check(
          report.problems, path, command: "lookahead report", plot: "throughput-order", isMissing: isMissing)
      }
    }
  }

  @Test(arguments: [true, false]) func `an exploration does`(isMissing: Bool) throws {
    try withFolder { folder in
      let text = """
        schema: lookahead/experiment/1
        name: small
        defaults: {tokens: 16, tables: 4, hidden: 16, intermediate: 64, block_size: 4, order: token, prefetch_rows: 0}
        sweeps: [{name: a, set: {table_rows: 16}, axes: {kernel: [lookup, dense]}}]
        """
      let experiment = try Experiment(text: text, file: "small.yaml")
      let exploration = try Exploration(
        try Plan(experiment, cpuCount: 1).points, experiment: experiment, bases: [try Machine.named("epyc-9755")],
        targets: [try ExplorationTarget("min l2 speedup>=1")])
      let study = try StudyDirectory("\(folder)/study", for: .exploration)
      let problems = try ExplorationReport(exploration, experiment: experiment, command: "lookahead explore").write(
        to: study, gnuplot: isMissing ? nil : failing(folder))
      try check(
        problems, study.path, command: "lookahead explore", plot: "threshold-1", isMissing: isMissing)
      let report = try String(contentsOfFile: "\(study.path)/report.md", encoding: .utf8)
      #expect(report.contains("against `dense ff=64 d=16 tokens=16 threads=1`: same type, CPUs, memory, pages"))
    }
  }
}
