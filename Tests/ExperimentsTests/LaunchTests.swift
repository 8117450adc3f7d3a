import Foundation
import Machines
import PlanSupport
import TestSupport
import Testing

@testable import HostModel
@testable import Measurement
@testable import Plans
@testable import RunStore
@testable import Statistics
@testable import Studies

/// Launches, attempts and interrupts: how a run handles every way in which a process can end.
@Suite(.process) struct LaunchTests {
  private func experiment(
    _ measure: String = "", points: String = "{table_rows: [4, 16]}"
  ) throws -> Experiment {
    try ExperimentsTests.experiment(
      """
      seed: 3
      defaults: {kernel: lookup, threads: 1, hidden: 16, tokens: 16, tables: 2, block_size: 8}
      sweeps: [{name: a, axes: \(points)}]
      measure: {min_samples: 6, min_seconds: 0, max_seconds: 0.01, warmup_seconds: 0\(measure)}
      """)
  }

  @Test func `a process that dies costs one attempt, and the point is tried again at the end`() throws {
    try withTemporaryDirectory { path in
      var deaths = 0
      let launcher = Interceptor { request in
        guard request.point.tableRows == 4, deaths == 0 else { return nil }
        deaths += 1
        return .died("ended by SIGSEGV: out of bounds")
      }
      let (directory, events) = try run(experiment(), at: path, launcher: launcher)
      #expect(try directory.store.rows(ResultRow.self).map(\.status) == [.passed, .passed])
      #expect(launcher.requests.last?.point.tableRows == 4)
      let attempts = try directory.store.rows(AttemptRow.self).filter { $0.pointID == launcher.requests.last?.point.id }
      #expect(attempts.map(\.status) == [.died, .passed])
      #expect(attempts.map(\.attempt) == [0, 1])
      #expect(attempts.first?.reason == "ended by SIGSEGV: out of bounds")
      #expect(
        events.contains {
          if case .message(let text) = $0 { text.contains("SIGSEGV: out of bounds; one attempt left") } else { false }
        })
    }
  }

  @Test func `a point whose processes die in every attempt has failed with the last words, and the run goes on`() throws
  {
    try withTemporaryDirectory { path in
      let launcher = Interceptor { $0.point.tableRows == 4 ? .died("ended by SIGILL") : nil }
      let (directory, _) = try run(experiment(", attempts: 3"), at: path, launcher: launcher)
      let results = try directory.store.rows(ResultRow.self)
      #expect(results.filter { $0.status == .passed }.count == 1)
      let failed = try #require(results.first { $0.status == .failed })
      #expect(failed.reason == "ended by SIGILL (the last of 3 attempts)")
      #expect(failed.medianNanoseconds == nil)
      #expect(try directory.store.statuses()[failed.pointID] == .failed)
      #expect(launcher.requests.count == 4)
      #expect(try directory.store.rows(AttemptRow.self).filter { $0.status == .died }.count == 3)
    }
  }

  @Test func `a point that failed stays so when the run is started again, and is tried again on request`() throws {
    try withTemporaryDirectory { path in
      try run(experiment(), at: path, launcher: Interceptor { $0.point.tableRows == 4 ? .died("crashed") : nil })
      let again = Interceptor()
      try run(experiment(), at: path, launcher: again)
      #expect(again.requests.isEmpty)
      var options = SweepRunner.Options()
      options.retriesFailed = true
      let retried = Interceptor { _ in .died("crashed again") }
      let (directory, _) = try run(experiment(), at: path, launcher: retried, options: options)
      #expect(retried.requests.map(\.point.tableRows) == [4, 4])
      #expect(try directory.store.rows(AttemptRow.self).map(\.attempt).max() == 3)
    }
  }

  @Test func `launches are processes in seeded rounds, and their samples are pooled`() throws {
    try withTemporaryDirectory { path in
      let launcher = Interceptor()
      let points = "{table_rows: [2, 4, 8, 16, 32]}"
      let (directory, _) = try run(experiment(", launches: 3", points: points), at: path, launcher: launcher)
      #expect(launcher.requests.map(\.launch) == [0, 1, 2].flatMap { [Int](repeating: $0, count: 5) })
      let rounds = [0, 1, 2].map { round in launcher.requests.filter { $0.launch == round }.map(\.point.id) }
      #expect(Set(rounds[0]) == Set(rounds[1]) && Set(rounds).count > 1)

      let samples = try directory.store.rows(SampleRow.self)
      #expect(samples.map(\.orderIndex).sorted() == Array(0..<samples.count))
      let inOrder = samples.sorted { $0.orderIndex < $1.orderIndex }
      #expect(inOrder.map(\.startNanoseconds) == inOrder.map(\.startNanoseconds).sorted())
      for row in try directory.store.rows(ResultRow.self) {
        let own = samples.filter { $0.pointID == row.pointID }
        #expect(row.launches == 3)
        #expect(row.n == own.count && Set(own.map(\.launch)) == [0, 1, 2])
        #expect(row.medianNanoseconds == Statistics(own.map(\.wallNanoseconds))?.median)
        #expect(row.outliers == own.count { $0.outlier })
        let variance = LaunchVariance(
          [0, 1, 2].map { launch in
            own.filter { $0.launch == launch }.map(\.wallNanoseconds)
          })
        #expect(row.betweenLaunchNanoseconds == variance?.betweenLaunches)
      }
      let attempts = try directory.store.rows(AttemptRow.self)
      #expect(attempts.map(\.position) == Array(0..<15))
      let first = attempts.map { $0.firstOrderIndex ?? 0 }
      #expect(first == first.sorted())
      #expect(attempts.allSatisfy { $0.seconds ?? 0 > 0 && $0.overheadSeconds != nil })
    }
  }

  @Test func `an interrupt ends the run with what is complete, and launches of a point resume by themselves`() throws {
    try withTemporaryDirectory { path in
      var count = 0
      let first = Interceptor { _ in
        count += 1
        return count == 4 ? .reported(LaunchReport()) : nil
      }
      #expect(throws: Interrupted.self) { try run(experiment(", launches: 3"), at: path, launcher: first) }
      let kept = try RunDirectory(opening: path).store.rows(SampleRow.self)
      #expect(Set(kept.map(\.launch)) == [0, 1])
      #expect(FileManager.default.fileExists(atPath: "\(path)/samples.csv"))
      #expect(try RunDirectory(opening: path).manifest.finished == nil)

      let rest = Interceptor()
      let (directory, _) = try run(experiment(", launches: 3"), at: path, launcher: rest)
      #expect(rest.requests.count == 3)
      let samples = try directory.store.rows(SampleRow.self)
      #expect(Array(samples.prefix(kept.count)).map(\.wallNanoseconds) == kept.map(\.wallNanoseconds))
      #expect(samples.map(\.orderIndex) == Array(0..<samples.count))
      #expect(try directory.store.rows(ResultRow.self).map(\.launches) == [3, 3])
      // Interrupts do not count as attempts that died.
      #expect(try directory.store.rows(AttemptRow.self).map(\.status).filter { $0 != .passed } == [.interrupted])
      #expect(try directory.store.statuses().values.allSatisfy { $0 == .done })
    }
  }

  @Test func `a run that goes on takes its ceilings and its audit from before`() throws {
    try withTemporaryDirectory { path in
      var calibrations = 0
      func start() throws -> RunDirectory {
        var count = 0
        return try run(
          experiment(), at: path,
          launcher: Interceptor { _ in
            count += 1
            return count == 2 ? .reported(LaunchReport()) : nil
          },
          calibrate: { _ in
            calibrations += 1
            return cannedCalibration()
          }
        ).0
      }
      #expect(throws: Interrupted.self) { try start() }
      let directory = try start()
      #expect(calibrations == 1)
      #expect(try directory.store.rows(CeilingRow.self) == cannedCalibration().ceilings)
      #expect(try directory.store.rows(ResultRow.self).count == 2)
    }
  }

  @Test func `a run does not go on on another machine, unless it is told to`() throws {
    try withTemporaryDirectory { path in
      let stop = Interceptor { _ in .reported(LaunchReport()) }
      #expect(throws: Interrupted.self) { try run(experiment(), at: path, launcher: stop) }
      do {
        let store = try RunDirectory(writing: path).store
        let facts = try store.rows(FactRow.self).map { fact in
          fact.name == "cpu_model" ? FactRow(when: .start, name: "cpu_model", value: "a faster one") : fact
        }
        try store.replace(facts: facts, at: .start)
      }
      do {
        try run(experiment(), at: path)
        Issue.record("it went on")
      } catch {
        #expect("\(error)".contains("\n  - cpu_model: a faster one\n  + cpu_model: "), "\(error)")
      }
      var options = SweepRunner.Options()
      options.allowsMixedMachines = true
      let (directory, events) = try run(experiment(), at: path, options: options)
      #expect(try directory.store.rows(ResultRow.self).count == 2)
      #expect(
        events.contains { if case .message(let text) = $0 { text.contains("the machine has changed") } else { false } })
    }
  }

  @Test func `points with the same access stream are simulated once`() throws {
    try withTemporaryDirectory { path in
      let launcher = Interceptor()
      let points = "{memory: [local, first-touch], pages: [4k, thp]}"
      let (directory, _) = try run(experiment(points: points), at: path, launcher: launcher)
      #expect(launcher.requests.count == 4)
      let projections = try directory.store.rows(ProjectionRow.self)
      #expect(projections.count == 4 && Set(projections.map(\.pointID)).count == 4)
      #expect(Set(projections.map(\.tokensPerSecond)).count == 1)
      let measured = Dictionary(
        uniqueKeysWithValues: try directory.store.rows(ResultRow.self).map { ($0.pointID, $0.tokensPerSecond) })
      for row in projections { #expect(row.measuredTokensPerSecond == measured[row.pointID] ?? nil) }
      let stages = try directory.store.rows(StageRow.self)
      #expect(Set(Dictionary(grouping: stages, by: \.pointID).values.map(\.count)).count == 1)
      // Each point's stages are timed where its own memory lies.
      #expect(stages.allSatisfy { $0.measuredNanosecondsPerToken ?? 0 > 0 })
      let projector = Projector(runID: "r", machines: [try Machine(contentsOf: "\(path)/host.yaml")], host: nil)
      #expect(try projector.rows(directory.plan.points, experiment: directory.experiment()).count == 4)
      #expect(projector.streamCount == 1)
    }
  }

  @Test func `a point that cannot fit is skipped before it runs, with what sets the limit`() throws {
    try withTemporaryDirectory { path in
      let launcher = Interceptor()
      // 2^31 tokens of 16 features need a quarter of a terabyte.
      let points = "{tokens: [16, 2147483648]}"
      let (directory, _) = try run(experiment(points: points), at: path, launcher: launcher)
      #expect(launcher.requests.map(\.point.tokens) == [16])
      let skipped = try #require(try directory.store.rows(ResultRow.self).first { $0.status == .skipped })
      #expect(skipped.reason?.hasPrefix("needs ") == true)
      #expect(skipped.reason?.contains(" are available by ") == true)
      #expect(try directory.store.statuses()[skipped.pointID] == .skipped)
    }
  }

  @Test func `a point beside which the machine's speed moved has a note, and loses it when it is no longer so`() throws
  {
    try withTemporaryDirectory { path in
      let (directory, _) = try run(experiment(), at: path)
      let store = directory.store
      let attempts = try store.rows(AttemptRow.self)
      func row(_ start: Int, _ value: Double) -> SentinelRow {
        SentinelRow(
          runID: directory.manifest.runID, orderIndex: 0, startNanoseconds: start, benchmark: "compute", value: value,
          unit: "GFLOP/s", n: 5)
      }
      // Far from both launches most readings are 1e6; just after the second one the machine is at half of that.
      let end = attempts[1].startNanoseconds + Int((attempts[1].seconds ?? 0) * 1e9)
      try store.add((1...40).map { row(end + 1_000_000_000 * $0, 1e6) } + [row(end, 5e5)])
      try store.noteDrift()
      func notes() throws -> [String?] {
        let results = try store.rows(ResultRow.self)
        return attempts.map { attempt in results.first { $0.pointID == attempt.pointID }?.notes }
      }
      let note = try #require(try notes()[1])
      #expect(note.contains("the machine's speed moved beside launch 0: compute "), "\(note)")
      // The sentinel also reads the real memory, whose speed is unknown here.
      let isHalved = #/compute [^,;]* before and 50 % after/#
      #expect(note.contains(isHalved), "\(note)")
      // The note would be missing if that reading were the reference.
      try store.add((1...400).map { row(end + 1_000_000_000 * $0, 5e5) })
      try store.noteDrift()
      #expect(try notes()[1]?.contains(isHalved) != true)
    }
  }

  @Test func `the sentinel is read before and after every launch`() throws {
    try withTemporaryDirectory { path in
      let (directory, _) = try run(experiment(", launches: 2"), at: path)
      let rows = try directory.store.rows(SentinelRow.self)
      // One reading at the start, and one after each of four launches, of two benchmarks.
      #expect(rows.count == 2 * (1 + 4))
      #expect(Set(rows.map(\.benchmark)) == ["compute", "memory"])
      #expect(rows.allSatisfy { $0.value > 0 })
      let attempts = try directory.store.rows(AttemptRow.self)
      let boundaries = attempts.map { ($0.firstOrderIndex ?? 0) + ($0.samples ?? 0) }
      #expect(Set(rows.map(\.orderIndex)) == Set([0] + boundaries))
    }
  }
}
