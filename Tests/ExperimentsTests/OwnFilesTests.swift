import Foundation
import Support
import Testing

@testable import Plans
@testable import RunStore

/// Only what a run wrote is removed or replaced.
@Suite struct OwnFilesTests {
  private static let body = "sweeps: [{name: a, set: {tokens: 8}, axes: {kernel: [dense, lookup]}}]"

  @discardableResult
  private func start(_ path: String, _ body: String = OwnFilesTests.body, restart: Bool = false) throws -> String {
    let experiment = try experiment(body)
    let run = try RunDirectory.createOrResume(
      at: path, plan: Plan(experiment, cpuCount: 1),
      manifest: Manifest(experiment: experiment, commandLine: [], host: "h", toolVersion: "1"), restart: restart)
    try run.finish()
    try run.write("# Draws a.svg from a.csv: run `gnuplot a.gp` in this directory.\n", to: "plots/a.gp")
    try run.write("x\n", to: "plots/a.csv")
    return run.path
  }

  private func put(_ text: String, _ path: String) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Every file below `path` with its text.
  private func files(_ path: String) throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: path)
    return Dictionary(
      uniqueKeysWithValues: names.compactMap { name in
        FileManager.default.contents(atPath: "\(path)/\(name)").map { (name, $0) }
      })
  }

  @Test func `a restart removes what the run wrote and keeps what the user put beside it`() throws {
    try withTemporaryDirectory { path in
      try start(path)
      let own = ["notes.md", "plots/picture.png", "plots/b.svg", "mine/results.csv", "comparison/comparison.csv"]
      for name in own { try put("mine", "\(path)/\(name)") }
      try put("old", "\(path)/plots/a.svg")
      try start(path, Self.body.replacing("tokens: 8", with: "tokens: 9"), restart: true)
      for name in own { #expect(try readTextFile("\(path)/\(name)") == "mine", "\(name)") }
      #expect(!FileManager.default.fileExists(atPath: "\(path)/plots/a.svg"))
      #expect(try RunDirectory(opening: path).plan.points.allSatisfy { $0.tokens == 9 })
    }
  }

  @Test(arguments: ["{}", "", "{\"schema\": \"another/run/1\"}", "not JSON"])
  func `a directory whose manifest is none is refused by name, and nothing in it changes`(manifest: String) throws {
    try withTemporaryDirectory { path in
      try put(manifest, "\(path)/manifest.json")
      try put("text", "\(path)/thesis.tex")
      try put("a,b", "\(path)/results.csv")
      let before = try files(path)
      for restart in [false, true] {
        #expect {
          try start(path, restart: restart)
        } throws: {
          ($0 as? InputError)?.file == "\(path)/manifest.json"
        }
      }
      #expect(try files(path) == before)
    }
  }

  @Test(arguments: ["plots", "results.csv", "report.md", "results.sqlite"])
  func `a link under a run's name is refused, and what it leads to stays`(name: String) throws {
    try withTemporaryDirectory { parent in
      let path = "\(parent)/run"
      try start(path)
      try put("# Draws a.svg from a.csv", "\(parent)/elsewhere/a.gp")
      try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
      try FileManager.default.createSymbolicLink(
        atPath: "\(path)/\(name)",
        withDestinationPath: name == "plots" ? "\(parent)/elsewhere" : "\(parent)/elsewhere/a.gp")
      let before = try files(path)
      #expect {
        try start(path, restart: true)
      } throws: {
        ($0 as? InputError)?.file == "\(path)/\(name)"
      }
      #expect(try files(path) == before)
      #expect(try readTextFile("\(parent)/elsewhere/a.gp") == "# Draws a.svg from a.csv")
      if name == "plots" {
        #expect(throws: InputError.self) { try RunDirectory(opening: path).write("x", to: "plots/a.csv") }
      }
    }
  }

  @Test func `a restart that was cut off at any moment can be made again`() throws {
    try withTemporaryDirectory { parent in
      try start("\(parent)/whole")
      let all = try files("\(parent)/whole").keys.sorted().filter { $0 != "manifest.json" }
      // The files that are removed first, in any order; the manifest is last.
      for order in [all, all.reversed()] {
        for count in 0...order.count {
          let path = "\(parent)/run"
          try? FileManager.default.removeItem(atPath: path)
          try FileManager.default.copyItem(atPath: "\(parent)/whole", toPath: path)
          try put("mine", "\(path)/notes.md")
          for name in order.prefix(count) { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
          try start(path, restart: true)
          #expect(try RunDirectory(opening: path).pendingPoints().count == 2)
          #expect(try readTextFile("\(path)/notes.md") == "mine")
        }
      }
    }
  }

  @Test func `a file where a directory is expected is refused`() throws {
    try withTemporaryDirectory { path in
      try put("mine", "\(path)/file")
      #expect(throws: InputError.self) { try start("\(path)/file") }
      #expect(throws: InputError.self) { try StudyDirectory("\(path)/file", for: .validation) }
      #expect(try readTextFile("\(path)/file") == "mine")
    }
  }

  // MARK: - Studies

  @Test func `a study is written again by its own verb, and by no other`() throws {
    try withTemporaryDirectory { path in
      let study = try StudyDirectory("\(path)/s", for: .comparison)
      try study.write("point_id,sweep,label,verdict,reason\n", to: "comparison.csv")
      // After an interrupt at this point, the verb can be run again.
      try StudyDirectory("\(path)/s", for: .comparison).write(
        "# a against b\n\nChanges are of B's time over A's\n", to: "comparison.md")
      _ = try StudyDirectory("\(path)/s", for: .comparison)
      for kind in [StudyDirectory.Kind.validation, .exploration, .calibration, .export] {
        #expect {
          try StudyDirectory("\(path)/s", for: kind)
        } throws: {
          "\($0)".hasPrefix(
            "\(path)/s/comparison.csv: expected an empty directory or an earlier \(kind.rawValue), found")
        }
      }
    }
  }

  @Test(arguments: ["notes.md", "report.md", "points.csv", "plots/picture.png", "plots/drift.svg", "host.yaml"])
  func `a user's file keeps a study from a directory, even under a name of the verb's`(name: String) throws {
    try withTemporaryDirectory { path in
      try put("# mine", "\(path)/\(name)")
      #expect {
        try StudyDirectory(path, for: .validation)
      } throws: {
        ($0 as? InputError)?.file == "\(path)/\(name)"
      }
    }
  }

  @Test func `notes beside a study stay, and keep no verb from writing it`() throws {
    try withTemporaryDirectory { path in
      try put("# How this came about", "\(path)/NOTES.md")
      let study = try StudyDirectory(path, for: .comparison)
      try study.write("point_id,sweep,label,verdict,reason\n", to: "comparison.csv")
      _ = try StudyDirectory(path, for: .comparison)
      #expect(try readTextFile("\(path)/NOTES.md") == "# How this came about")
      #expect(throws: InputError.self) { try StudyDirectory(path, for: .validation) }
    }
  }

  @Test func `a study's directory that holds a run is refused by its manifest`() throws {
    try withTemporaryDirectory { path in
      try start(path)
      for kind in [StudyDirectory.Kind.validation, .exploration, .comparison, .calibration, .export] {
        #expect {
          try StudyDirectory(path, for: kind)
        } throws: {
          "\($0)".hasPrefix("\(path)/manifest.json: ") && "\($0)".contains("found a run")
        }
      }
    }
  }

  @Test func `an exploration's earlier plots go, and nothing else in plots`() throws {
    try withTemporaryDirectory { path in
      let study = try StudyDirectory(path, for: .exploration)
      try study.write("# Draws pareto-1.svg from pareto-1.csv: x\n", to: "plots/pareto-1.gp")
      try study.write("a\n", to: "plots/pareto-1.csv")
      try put("svg", "\(path)/plots/pareto-1.svg")
      try study.removePlots()
      #expect(!FileManager.default.fileExists(atPath: "\(path)/plots"))
      try put("mine", "\(path)/plots/mine.png")
      try study.removePlots()
      #expect(try readTextFile("\(path)/plots/mine.png") == "mine")
    }
  }

  @Test func `a machine file replaces a machine file and nothing else`() throws {
    try withTemporaryDirectory { path in
      try MachineFile.requireReplaceable("\(path)/new.yaml")
      try put("schema: lookahead/machine/1\n", "\(path)/old.yaml")
      try MachineFile.requireReplaceable("\(path)/old.yaml")
      try put("schema: lookahead/experiment/1\n", "\(path)/mine.yaml")
      #expect(throws: InputError.self) { try MachineFile.requireReplaceable("\(path)/mine.yaml") }
      #expect(throws: InputError.self) { try MachineFile.requireReplaceable(path) }
      #expect(throws: InputError.self) { try MachineFile.requireReplaceable("/dev/null") }
      try start("\(path)/run")
      try put("schema: lookahead/machine/1\n", "\(path)/run/host.yaml")
      #expect(throws: InputError.self) { try MachineFile.requireReplaceable("\(path)/run/host.yaml") }
    }
  }

  @Test func `a file is written whole, and not through a link`() throws {
    try withTemporaryDirectory { path in
      try put("mine", "\(path)/target")
      try FileManager.default.createSymbolicLink(atPath: "\(path)/link", withDestinationPath: "\(path)/target")
      try WholeFile.write("new", to: "\(path)/link")
      #expect(try readTextFile("\(path)/target") == "mine" && readTextFile("\(path)/link") == "new")
      #expect(throws: FileNotWritten.self) { try WholeFile.write("new", to: path) }
      #expect {
        try WholeFile.write("new", to: "\(path)/no/such")
      } throws: {
        "\($0)" == "cannot write to \(path)/no/such: No such file or directory"
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["link", "target"])
    }
  }
}
