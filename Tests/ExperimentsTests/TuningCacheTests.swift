import Foundation
import Kernels
import PlanSupport
import Profiler
import Testing

@testable import Measurement
@testable import Plans

@Suite struct TuningCacheTests {
  private let point = Point(
    sweep: "a", kernel: .lookup, seed: 1, hidden: 512, output: 512, tables: 128, tableRows: 256, projection: .bh4,
    blockSize: 64, tokens: 32_768, threads: 1, codes: .uniform)
  private let pass = StrategyTunerTests.pass

  /// Tunes with scripted times; returns the number of candidates that were timed, and the warnings.
  private func tune(
    in directory: String, machine: String = "cpu=1", point: Point? = nil, favourite: Int = 3
  ) throws -> (strategy: Tuning.Strategy, isCached: Bool, timed: Int, warnings: [String]) {
    var warnings: [String] = []
    let tuner = StrategyTuner(machine: try StrategyTunerTests.zen5(), clock: { 0 })
    let all = try StrategyTuner.pruned(
      StrategyTunerTests.published.candidates(pass, secondLevelBytes: nil), pass, StrategyTunerTests.zen5())
    let walk = (all[favourite].network as? LookupNetwork)?.strategy
    let scripted = ScriptedTimer { $0 == walk ? 1 : 2 }
    let autotuner = Autotuner(
      tuner: tuner, fingerprint: MachineFingerprint(text: machine),
      cache: TuningCache(directory: directory) { warnings.append($0) })
    let outcome = try autotuner.tune(point ?? self.point, pass) { scripted }
    return (outcome.tuning.strategy, outcome.isCached, scripted.timed.count, warnings)
  }

  private func files(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).map { "\(directory)/\($0)" }
  }

  @Test func `a choice is measured once and then reused`() throws {
    try withTemporaryDirectory { directory in
      let first = try tune(in: "\(directory)/new/tuning")
      #expect(!first.isCached && first.timed > 0 && first.warnings.isEmpty)
      // Another strategy would be the fastest now, but nothing is timed.
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
        { $0.lookup.codes = .recorded },
      ] {
        var other = point
        change(&other)
        #expect(try !tune(in: directory, point: other).isCached)
        #expect(try tune(in: directory, point: other).isCached)
      }
      // Parameters without effect on a strategy have no effect here.
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
        #expect(again.warnings == ["\(file) is damaged, or was written by another version; tuning again"])
        #expect(try tune(in: directory).isCached)
      }
      #expect(try files(in: directory) == [file])
    }
  }

  /// JSON of the cached tuning with one value replaced.
  private func edited(_ file: String, _ change: (inout [String: Any]) -> Void) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    var entry = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    var tuning = try #require(entry["tuning"] as? [String: Any])
    change(&tuning)
    entry["tuning"] = tuning
    try JSONSerialization.data(withJSONObject: entry).write(to: URL(fileURLWithPath: file))
  }

  @Test(arguments: [
    ("token_tile", 0), ("token_tile", -1), ("column_slice", 0), ("table_group", Int.min), ("prefetch_rows", Int.max),
    ("token_tile", 7),
  ])
  func `a strategy that is no candidate is not believed`(key: String, value: Int) throws {
    try withTemporaryDirectory { directory in
      let first = try tune(in: directory)
      let file = try #require(files(in: directory).first)
      try edited(file) { tuning in
        func hostile(_ strategy: Any?) -> [String: Any] {
          var strategy = strategy as? [String: Any] ?? [:]
          strategy[key] = value
          return strategy
        }
        // The chosen one and its candidate alike, so that they agree.
        let chosen = tuning["strategy"] as? NSDictionary
        tuning["strategy"] = hostile(tuning["strategy"])
        tuning["candidates"] = (tuning["candidates"] as? [[String: Any]])?.map { candidate in
          var candidate = candidate
          if candidate["strategy"] as? NSDictionary == chosen { candidate["strategy"] = hostile(candidate["strategy"]) }
          return candidate
        }
      }
      let again = try tune(in: directory)
      #expect(!again.isCached && again.strategy == first.strategy)
      #expect(again.warnings == ["\(file) holds a strategy that is not among the candidates; tuning again"])
    }
  }

  @Test func `times and counts that no tuning has are not believed`() throws {
    try withTemporaryDirectory { directory in
      let changes: [(inout [String: Any]) -> Void] = [
        { $0["considered"] = -1 }, { $0["candidates"] = [] },
        { $0["candidates"] = Self.each($0) { $0["rounds"] = Int.min } },
        { $0["candidates"] = Self.each($0) { $0["measuredNanosecondsPerToken"] = -1 } },
        { $0["candidates"] = Self.each($0) { $0["estimatedNanosecondsPerToken"] = 1e308 } },
        { $0["candidates"] = Self.each($0) { $0["workingSetBytes"] = 1e300 } },
      ]
      for change in changes {
        _ = try tune(in: directory)
        let file = try #require(files(in: directory).first)
        try edited(file, change)
        let again = try tune(in: directory)
        #expect(!again.isCached)
        #expect(again.warnings == ["\(file) holds a strategy that is not among the candidates; tuning again"])
      }
    }
  }

  private static func each(_ tuning: [String: Any], _ change: (inout [String: Any]) -> Void) -> [[String: Any]] {
    (tuning["candidates"] as? [[String: Any]] ?? []).map { candidate in
      var candidate = candidate
      change(&candidate)
      return candidate
    }
  }

  @Test func `what is no file of the cache is neither waited for nor followed`() throws {
    try withTemporaryDirectory { directory in
      _ = try tune(in: "\(directory)/c")
      let file = try #require(files(in: "\(directory)/c").first)
      for make in [
        { mkfifo(file, 0o600) }, { mkdir(file, 0o700) },
        { symlink("\(directory)/kept.json", file) },
      ] {
        try? FileManager.default.moveItem(atPath: file, toPath: "\(directory)/kept.json")
        try? FileManager.default.removeItem(atPath: file)
        #expect(make() == 0)
        let again = try tune(in: "\(directory)/c")
        #expect(!again.isCached)
        #expect(
          again.warnings.first == "\(file) is no file of the tuning cache, or cannot be read; tuning again")
      }
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
