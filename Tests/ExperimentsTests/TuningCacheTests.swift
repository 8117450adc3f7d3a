import Foundation
import Kernels
import Testing

@testable import Experiments

@Suite struct TuningCacheTests {
  private let point = Point(
    sweep: "a", kernel: .lookup, seed: 1, hidden: 512, output: 512, tables: 128, tableRows: 256, projection: .bh4,
    blockSize: 64, tokens: 32_768, threads: 1, codes: .uniform)
  private let task = StrategyTunerTests.published

  /// Tunes with scripted times and says how many candidates were timed, and what was warned of.
  private func tune(
    in directory: String, machine: String = "cpu=1", point: Point? = nil, favourite: Int = 3
  ) throws -> (strategy: LookupStrategy, isCached: Bool, timed: Int, warnings: [String]) {
    var warnings: [String] = []
    let tuner = StrategyTuner(machine: try StrategyTunerTests.zen5(), clock: { 0 })
    let all = try StrategyTuner.pruned(
      StrategyCandidates.all(task, secondLevelBytes: nil), task, StrategyTunerTests.zen5())
    let scripted = ScriptedTimer { $0 == all[favourite].strategy ? 1 : 2 }
    let autotuner = Autotuner(
      tuner: tuner, fingerprint: MachineFingerprint(text: machine),
      cache: TuningCache(directory: directory) { warnings.append($0) })
    let (tuning, isCached) = try autotuner.tune(point ?? self.point, task) { scripted }
    return (tuning.strategy, isCached, scripted.timed.count, warnings)
  }

  private func files(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).map { "\(directory)/\($0)" }
  }

  @Test func `a choice is measured once and then reused`() throws {
    try withTemporaryDirectory { directory in
      let first = try tune(in: "\(directory)/new/tuning")
      #expect(!first.isCached && first.timed > 0 && first.warnings.isEmpty)
      // Another favourite now, which nobody asks for.
      let second = try tune(in: "\(directory)/new/tuning", favourite: 5)
      #expect(second.isCached && second.timed == 0 && second.warnings.isEmpty)
      #expect(second.strategy == first.strategy)
    }
  }

  @Test func `another machine, placement or page kind is tuned anew`() throws {
    try withTemporaryDirectory { directory in
      _ = try tune(in: directory)
      #expect(try !tune(in: directory, machine: "cpu=2").isCached)
      for change in [
        { (point: inout Point) in point.pages = .base }, { $0.memory = .interleave }, { $0.cpus = .scatter },
        { $0.codes = .recorded },
      ] {
        var other = point
        change(&other)
        #expect(try !tune(in: directory, point: other).isCached)
        #expect(try tune(in: directory, point: other).isCached)
      }
      // What does not matter to a walk does not matter here.
      var renamed = point
      renamed.sweep = "b"
      renamed.seed = 7
      #expect(try tune(in: directory, point: renamed).isCached)
    }
  }

  @Test func `a damaged file is one warning, and is replaced`() throws {
    try withTemporaryDirectory { directory in
      _ = try tune(in: directory)
      let file = try #require(files(in: directory).first)
      for damage in ["", "{", "{\"schema\": \"lookahead/tuning/0\"}", "null"] {
        try damage.write(toFile: file, atomically: true, encoding: .utf8)
        let again = try tune(in: directory)
        #expect(!again.isCached)
        #expect(again.warnings == ["\(file) is damaged, or of another version of this tool; tuning again"])
        #expect(try tune(in: directory).isCached)
      }
      #expect(try files(in: directory) == [file])
    }
  }

  @Test func `a file of other kernels is stale`() throws {
    try withTemporaryDirectory { directory in
      _ = try tune(in: directory)
      let file = try #require(files(in: directory).first)
      let text = try String(contentsOfFile: file, encoding: .utf8)
      let old = text.replacingOccurrences(
        of: "\"kernelVersion\" : \"\(kernelVersion)\"", with: "\"kernelVersion\" : \"0\"")
      #expect(old != text)
      try old.write(toFile: file, atomically: true, encoding: .utf8)
      let again = try tune(in: directory)
      #expect(!again.isCached)
      #expect(again.warnings == ["\(file) was tuned for other kernels or another machine; tuning again"])
    }
  }

  @Test func `a cache that cannot be written is a warning, and the choice stands`() throws {
    try withTemporaryDirectory { directory in
      let file = "\(directory)/file"
      try "".write(toFile: file, atomically: true, encoding: .utf8)
      let tuned = try tune(in: "\(file)/tuning")
      #expect(!tuned.isCached && tuned.timed > 0)
      #expect(tuned.warnings.count == 1)
      #expect(tuned.warnings.first?.contains("cannot be written") == true)
    }
  }

  @Test func `the cache lies where the XDG specification says`() {
    func directory(_ variable: String?) -> String {
      TuningCache.defaultDirectory(environment: variable.map { ["XDG_CACHE_HOME": $0] } ?? [:], home: "/home/me")
    }
    #expect(directory(nil) == "/home/me/.cache/lookahead/tuning")
    #expect(directory("/var/cache/me") == "/var/cache/me/lookahead/tuning")
    #expect(directory("relative") == "/home/me/.cache/lookahead/tuning")
  }
}
