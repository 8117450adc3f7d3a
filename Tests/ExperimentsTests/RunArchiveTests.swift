import Foundation
import Support
import Testing

@testable import Plans
@testable import RunStore

@Suite struct RunArchiveTests {
  private static let body = TinyCluster.body

  @Test func `a run in one file is the run`() throws {
    try withTemporaryDirectory { path in
      let (run, _) = try ExperimentsTests.run(experiment(Self.body), at: "\(path)/run")
      let archive = RunArchive(path: "\(path)/run.sqlite")
      try archive.write(run)
      #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["run", "run.sqlite"])
      try archive.read(scratch: "\(path)/scratch") { copy in
        #expect(copy.manifest == run.manifest)
        #expect(copy.plan == run.plan)
        let samples = try copy.store.rows(SampleRow.self)
        #expect(try samples == run.store.rows(SampleRow.self))
        #expect(try copy.store.rows(ResultRow.self) == run.store.rows(ResultRow.self))
        #expect(try copy.store.integrityProblems().isEmpty)
        #expect(FileManager.default.fileExists(atPath: "\(copy.path)/host.yaml"))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)/scratch").isEmpty)
    }
  }

  @Test func `a run under way can be archived, again and again`() throws {
    try withTemporaryDirectory { path in
      let experiment = try experiment(Self.body)
      let archive = RunArchive(path: "\(path)/run.sqlite")
      let run = try RunDirectory.createOrResume(
        at: "\(path)/run", plan: Plan(experiment, cpuCount: 1),
        manifest: Manifest(experiment: experiment, commandLine: [], host: "h", toolVersion: "1"))
      var sizes: [Int] = []
      let launcher = Interceptor { _ in
        try? archive.write(run)
        sizes.append((try? archive.read(scratch: path) { try $0.store.measuredLaunches().count }) ?? -1)
        return nil
      }
      try ExperimentsTests.run(experiment, in: run, launcher: launcher)
      #expect(sizes == Array(0..<14))
    }
  }

  @Test(arguments: ["nothing", "half"])
  func `what is no such file is named`(kind: String) throws {
    try withTemporaryDirectory { path in
      let (run, _) = try ExperimentsTests.run(experiment(Self.body), at: "\(path)/run")
      let archive = RunArchive(path: "\(path)/part.sqlite")
      try archive.write(run)
      let data = try Data(contentsOf: URL(fileURLWithPath: archive.path))
      try (kind == "half" ? data.prefix(data.count / 2) : Data("no database".utf8))
        .write(to: URL(fileURLWithPath: archive.path))
      #expect {
        try archive.read(scratch: path) { try $0.store.rows(SampleRow.self).count }
      } throws: {
        ($0 as? InputError)?.file == archive.path
      }
    }
  }
}
