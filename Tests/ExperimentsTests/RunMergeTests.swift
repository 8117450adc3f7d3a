import Foundation
import Support
import Testing

@testable import Measurement
@testable import Plans
@testable import RunStore

@Suite struct RunMergeTests {
  private static let body = """
    seed: 3
    defaults: {kernel: lookup, threads: 1, hidden: 16, tables: 2, table_rows: 4, block_size: 8}
    sweeps: [{name: a, axes: {tokens: {range: [1, 7, 1]}}}]
    measure: {min_samples: 6, min_seconds: 0, max_seconds: 0.005, warmup_seconds: 0, launches: 2}
    """

  /// Runs a part of the experiment; `stop` interrupts it before the launch of that number.
  private func part(
    _ shard: Shard?, at path: String, _ body: String = RunMergeTests.body, host: String = "h", stop: Int? = nil
  ) throws {
    let experiment = try experiment(body)
    let manifest = Manifest(
      experiment: experiment, commandLine: [], host: host, toolVersion: "1", shard: shard)
    let plan = try Plan(experiment, cpuCount: 1)
    let directory = try RunDirectory.createOrResume(
      at: path, plan: plan, manifest: manifest, only: shard?.points(of: plan) { _ in 1 })
    var count = 0
    let launcher = Interceptor { _ in
      count += 1
      return count - 1 == stop ? .reported(LaunchReport()) : nil
    }
    do {
      try run(experiment, in: directory, launcher: launcher)
    } catch is Interrupted {}
  }

  private func opened(_ paths: String...) -> [RunMerge.Part] { paths.map { RunMerge.Part(directory: $0) } }

  @Test func `shards merge into the whole plan, each point once`() throws {
    try withTemporaryDirectory { path in
      for index in 1...3 { try part(Shard(index: index, count: 3), at: "\(path)/\(index)", host: "n\(index)") }
      let sizes = try (1...3).map { try RunDirectory(opening: "\(path)/\($0)").store.rows(ResultRow.self).count }
      #expect(sizes.sorted() == [2, 2, 3])
      let merge = try RunMerge(opened("\(path)/1", "\(path)/2", "\(path)/3"), into: "\(path)/all")
      #expect(merge.missing.isEmpty)
      #expect(merge.directory.manifest.host == "n1 n2 n3" && merge.directory.manifest.shard == nil)
      #expect(merge.directory.manifest.finished != nil)
      let results = try merge.directory.store.rows(ResultRow.self)
      #expect(Set(results.map(\.pointID)) == Set(merge.directory.plan.points.map(\.id)) && results.count == 7)
      #expect(Set(results.map(\.host)) == ["n1", "n2", "n3"])
      let samples = try merge.directory.store.rows(SampleRow.self)
      #expect(Set(samples.map { "\($0.runID) \($0.orderIndex)" }).count == samples.count)
      #expect(try merge.directory.store.rows(AttemptRow.self).count == 14)
      #expect(FileManager.default.fileExists(atPath: "\(path)/all/host.yaml"))
    }
  }

  @Test func `merging again, or a part that was started twice, changes nothing`() throws {
    try withTemporaryDirectory { path in
      try part(Shard(index: 1, count: 2), at: "\(path)/1")
      try part(Shard(index: 2, count: 2), at: "\(path)/2")
      try part(Shard(index: 2, count: 2), at: "\(path)/2-again")
      func all() throws -> [SampleRow] {
        try RunMerge(opened("\(path)/1", "\(path)/2", "\(path)/2-again"), into: "\(path)/all").directory.store.rows()
      }
      let first = try all()
      #expect(try all() == first)
      let parts = try ["1", "2"].flatMap {
        try RunDirectory(opening: "\(path)/\($0)").store.rows(SampleRow.self)
      }
      #expect(first.count == parts.count)
    }
  }

  @Test func `what is missing is named, and comes with a later merge`() throws {
    try withTemporaryDirectory { path in
      try part(Shard(index: 1, count: 2), at: "\(path)/1")
      try part(Shard(index: 2, count: 2), at: "\(path)/2", stop: 1)
      let early = try RunMerge(opened("\(path)/1", "\(path)/2"), into: "\(path)/all").missing
      #expect(!early.isEmpty)
      try part(Shard(index: 2, count: 2), at: "\(path)/2")
      let merge = try RunMerge(opened("\(path)/1", "\(path)/2"), into: "\(path)/all")
      #expect(merge.missing.isEmpty)
      #expect(try merge.directory.store.rows(ResultRow.self).allSatisfy { $0.launches == 2 })
      #expect(try merge.directory.store.statuses().values.allSatisfy { $0 == .done })
    }
  }

  @Test func `other experiments and other machines are refused with the difference`() throws {
    try withTemporaryDirectory { path in
      try part(nil, at: "\(path)/1", stop: 1)
      try part(nil, at: "\(path)/2", Self.body.replacing("seed: 3", with: "seed: 4"), stop: 1)
      func complaint(_ paths: [String], mixed: Bool = false) -> String {
        do {
          _ = try RunMerge(
            paths.map { RunMerge.Part(directory: $0) }, into: "\(path)/all", allowsMixedMachines: mixed)
          return "none"
        } catch { return "\(error)" }
      }
      #expect(complaint(["\(path)/1", "\(path)/2"]).contains("\n  - seed: 3\n  + seed: 4"))
      #expect(!FileManager.default.fileExists(atPath: "\(path)/all"))

      try part(nil, at: "\(path)/3", stop: 1)
      let store = try RunDirectory(writing: "\(path)/3").store
      let facts = try store.rows(FactRow.self).map {
        $0.name == "cpu_model" ? FactRow(when: .start, name: "cpu_model", value: "a newer one") : $0
      }
      try store.replace(facts: facts, at: .start)
      #expect(complaint(["\(path)/1", "\(path)/3"]).contains("\n  + cpu_model: a newer one"))
      #expect(complaint(["\(path)/1", "\(path)/3"], mixed: true) == "none")
    }
  }
}
