import AccessStreams
import Foundation
import Kernels
import Machines
import PlanSupport
import Profiler
import Projection
import Simulation
import Support
import TestSupport
import Testing

@testable import HostModel
@testable import Measurement
@testable import Plans
@testable import RunStore
@testable import Studies

/// The synthetic two-socket run among the fixtures, with a machine so fast that memory's lines alone take time.
private func twoSocketRun() throws -> RunDirectory {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  return try RunDirectory(opening: tests.appendingPathComponent("Fixtures/runs/two-socket-synthetic").path)
}

@Suite struct RunCountsTests {
  private func group(_ traffic: String, scope: String = "thread") throws -> CounterGroup {
    let events = scope == "thread" ? "[\"p::A\", \"p::B\"]" : "[\"p/a/\"]"
    let text = "name: g\ndescription: d\npmu: p\nscope: \(scope)\nevents: \(events)\ntraffic: \(traffic)"
    return try CounterGroup(yaml: YAMLValue(text: text, file: "group.yaml"))
  }

  private func row(
    _ event: String, _ value: Double?, launch: Int = 0, thread: Int? = 0, socket: Int? = nil, source: String = "libpfm",
    quality: String = "exact", enabled: Int = 1000, reason: String? = nil
  ) -> CounterRow {
    CounterRow(
      runID: "r", pointID: "p", launch: launch, thread: thread, socket: socket, group: "g", event: event,
      source: source, enabledNanoseconds: enabled, runningNanoseconds: enabled, value: value, quality: quality,
      reason: reason)
  }

  private func counted(
    _ rows: [CounterRow], _ groups: CounterGroup..., pass: Double? = nil, load: Double? = nil
  ) -> CountedTraffic {
    CountedTraffic(rows, groups: groups, tokens: 10, passSeconds: pass, loadAverage: load)
  }

  @Test func `threads add up, launches are averaged, and what is counted is per token`() throws {
    let group = try group(#"{l1_fills: "'p::A' + 'p::B'", instructions: "'p::B'"}"#)
    let rows = [0, 1].flatMap { launch in
      [0, 1].flatMap { thread in
        [
          row("p::A", 10, launch: launch, thread: thread),
          row("p::B", Double(20 + 10 * launch), launch: launch, thread: thread),
        ]
      }
    }
    let counts = counted(rows, group)
    // Launches of 2 x (10 + 20) and 2 x (10 + 30) lines, over 10 tokens.
    #expect(counts.fills[0] == .init(perToken: 7, quality: .exact, source: "g"))
    #expect(counts.others["instructions"]?.perToken == 5)
    #expect(counts.hasLines && counts.missing.isEmpty)
  }

  @Test(
    arguments: [
      ("libpfm", "scaled", CountQuality.scaled), ("valgrind", "exact", .valgrind), ("imported", "exact", .imported),
      ("synthetic", "exact", .synthetic), ("replay", "scaled", .replay), ("raw", "exact", .exact),
    ])
  func `a count says who counted it and how`(source: String, quality: String, expected: CountQuality) throws {
    let group = try group(#"{l1_fills: "'p::A'"}"#)
    let counts = counted(
      [row("p::A", 10, source: source, quality: quality), row("p::B", 1, source: source)], group)
    #expect(counts.fills[0]?.quality == expected)
  }

  @Test func `what has no value is missing with its reason, and what is suspect is missing too`() throws {
    let group = try group(#"{l1_fills: "'p::A'", l2_fills: "'p::B'"}"#)
    let counts = counted(
      [
        row("p::A", nil, quality: "denied", reason: "not permitted"),
        row("p::B", 5, quality: "suspect", reason: "counts something else"),
      ], group)
    #expect(!counts.hasLines)
    #expect(counts.missing == ["l1_fills": "not permitted", "l2_fills": "counts something else"])
  }

  @Test func `a lower bound gives way to a whole count of another group`() throws {
    var other = try group(#"{l1_fills: "'p::B'"}"#)
    other.name = "h"
    let bound = try group(#"{l1_fills: {formula: "'p::A'", leaves_out: prefetches}}"#)
    var whole = row("p::B", 5)
    whole.group = "h"
    #expect(counted([row("p::A", 50), whole], bound, other).fills[0]?.source == "h")
    #expect(counted([row("p::A", 50)], bound, other).fills[0]?.leavesOut == "prefetches")
  }

  @Test func `a socket's lines are those of the part of its window in which the workers ran`() throws {
    let group = try group(#"{memory_reads: "'p/a/'"}"#, scope: "socket")
    let socket = [0, 1].map { row("p/a/", 500, thread: nil, socket: $0, enabled: 2000) }
    // 1000 lines in 2 us, of which a pass takes 1.5.
    #expect(counted(socket, group, pass: 1.5e-6).memoryReads?.perToken == 75)
    // The threads' own counters of the launch know better: 1 us.
    var thread = row("p::X", 1, enabled: 1000)
    thread.group = "cycles"
    #expect(counted(socket + [thread], group, pass: 1.5e-6).memoryReads?.perToken == 50)
    #expect(counted(socket, group).memoryReads?.perToken == 100)
    #expect(counted(socket, group).warnings.isEmpty && counted(socket, group, load: 0.1).warnings.isEmpty)
    #expect(counted(socket, group, load: 3).warnings.first?.contains("counts every process on the socket") == true)
  }

  @Test func `the counts of a recorded run are those of its script`() throws {
    let run = try twoSocketRun()
    let counts = try RunCounts(run)
    #expect(counts.absence == nil && counts.countedPoints.count == 4)
    for point in run.plan.points {
      // The script's lines: 64 bytes of the tables, or of 4 MiB, a token; 32 written.
      let lines = Double(point.tableBytes ?? 1 << 22) / 64 / 4096
      let traffic = try #require(counts.points[point.id])
      #expect(abs((traffic.memoryReads?.perToken ?? 0) / lines - 1) < 1e-3)
      #expect(abs((traffic.memoryWrites?.perToken ?? 0) / 32 - 1) < 1e-3)
      #expect(traffic.memoryReads?.source == "zen5-memory" && traffic.memoryReads?.quality == .synthetic)
      // Two threads with a line from another complex each, a quarter of the lines from local memory, a fortieth from remote.
      #expect(abs((traffic.fills[2]?.perToken ?? 0) / (2 + 0.55 * lines) - 1) < 1e-3)
      #expect(traffic.fills[0]?.leavesOut == nil && traffic.fills[1]?.leavesOut != nil)
      #expect(traffic.missing["flops"]?.contains("not permitted") == true)
    }
  }
}

/// The projection from counted traffic, worked out by hand. On the fixture's host a memory of 1 GB/s bounds every phase, so
/// that a token takes 64 bytes / (1 GB/s) for every line that memory reads or writes: for 128 tables of 16 rows (4 MiB) and
/// for the dense network the script counts 16 lines read and 32 written, 48 x 64 ns = 3.072 us, 325,521 tokens/s. The
/// projection must be that within 5 parts in a thousand, which a change of one of the counts by a tenth is not.
@Suite struct CountedProjectionTests {
  private static let tokensPerSecond = 1 / (48 * 64e-9)

  /// The rate of a point of the fixture, whose socket counts of `changed` are multiplied by `factor`.
  private func projected(
    _ label: String, changing changed: String? = nil, by factor: Double = 1
  ) throws -> ProjectionRow {
    let run = try twoSocketRun()
    let host = try Machine(contentsOf: "\(run.path)/host.yaml")
    let point = try #require(run.plan.points.first { $0.label.hasPrefix(label) })
    var rows = try run.store.rows(CounterRow.self).filter { $0.pointID == point.id }
    for index in rows.indices where rows[index].event == changed {
      rows[index].value = rows[index].value.map { $0 * factor }
    }
    let traffic = CountedTraffic(
      rows, groups: try CounterGroup.all(), tokens: point.tokens, passSeconds: nil, loadAverage: nil)
    let counts = RunCounts(points: [point.id: traffic])
    let projector = Projector(
      runID: "r", machines: [host], host: host.name, kinds: [.simulated, .counted],
      evidence: TrafficEvidence(counts: counts, host: host, ratios: TrafficRatios([])))
    let outcomes = try projector.outcomes([point], experiment: run.experiment())
    let rowsOfBoth = outcomes.flatMap(\.rows)
    #expect(rowsOfBoth.map(\.traffic) == ["simulated", "counted"])
    #expect(projector.comparisons[point.id]?.count == 4)
    return try #require(rowsOfBoth.last)
  }

  private func isAsByHand(_ row: ProjectionRow) -> Bool {
    abs(row.tokensPerSecond / Self.tokensPerSecond - 1) < 5e-3
  }

  @Test(.slow, arguments: ["lookup T=128 rows=16 ", "dense"])
  func `counted lines give the throughput that is worked out by hand`(label: String) throws {
    let row = try projected(label)
    #expect(isAsByHand(row), "\(row.tokensPerSecond)")
    #expect(row.limiter == "memory" && abs((row.memoryLinesPerToken ?? 0) - 48) < 0.1)
    #expect(row.trafficSources?.contains("from beyond L3: counted (synthetic); memory writes: counted") == true)
    #expect(row.trafficSources?.hasPrefix("from beyond L1: counted (synthetic); from beyond L2: ") == true)
  }

  @Test(.slow, arguments: ["amd_umc/event=0x0a,rdwrmask=0x1/", "amd_umc/event=0x0a,rdwrmask=0x2/"], [0.9, 1.1])
  func `a tenth more or less of a count is seen`(event: String, factor: Double) throws {
    #expect(!isAsByHand(try projected("lookup T=128 rows=16 ", changing: event, by: factor)))
  }
}

@Suite struct TrafficEvidenceTests {
  private let simulated = Traffic(
    origin: .simulated, lineBytes: 64, levelNames: ["L1"],
    phases: [
      {
        var level = LevelCounts()
        level.readMisses = 1000
        return PhaseCounts(levels: [level], memory: MemoryCounts(reads: 1000), accesses: 1000)
      }()
    ])

  private func evidence(generation: String?, ratios: Bool = true) -> TrafficEvidence {
    let counted = CountedTraffic(memoryReads: .init(perToken: 2, quality: .exact, source: "g"))
    let pairs = [(simulated: simulated, counted: simulated.replacing(with: counted, tokens: 1000))]
    let cache = CacheDescription(name: "L1", sizeBytes: 4096, ways: 4)
    return TrafficEvidence(
      counts: RunCounts(points: ["p": counted], generation: generation), host: Machine(name: "host", caches: [cache]),
      ratios: TrafficRatios(ratios ? pairs : []))
  }

  private func machine(_ name: String, _ generation: String?) -> Machine {
    Machine(
      name: name, generation: generation, caches: [CacheDescription(name: "L1", sizeBytes: 4096, ways: 4)])
  }

  @Test func `counts replace on the host, correct machines of its generation and widen the band of any other`() throws {
    let evidence = evidence(generation: "zen5")
    let counted = try #require(evidence.counts.points["p"])
    #expect(evidence.bearing(on: machine("host", nil), point: "p") == .counted(counted))
    #expect(evidence.bearing(on: machine("host", nil), point: "uncounted") == .corrects)
    #expect(evidence.bearing(on: machine("epyc", "zen5"), point: "p") == .corrects)
    #expect(evidence.bearing(on: machine("epyc", "zen4"), point: "p") == .widens)
    #expect(evidence.bearing(on: machine("epyc", nil), point: "p") == .widens)
    #expect(self.evidence(generation: nil).bearing(on: machine("epyc", nil), point: "p") == .widens)
  }

  @Test func `without a ratio nothing is carried to another machine`() {
    let none = evidence(generation: "zen5", ratios: false)
    guard case .silent = none.bearing(on: machine("epyc", "zen5"), point: "p") else {
      Issue.record("expected no bearing")
      return
    }
  }

  @Test(.slow) func `a corrected projection is slower by what was counted, and a widened one as fast with a lower end`()
    throws
  {
    let run = try twoSocketRun()
    let host = try Machine(contentsOf: "\(run.path)/host.yaml")
    let point = try #require(run.plan.points.first { $0.label.hasPrefix("lookup T=128 rows=16 ") })
    let ratios = TrafficRatios([
      (
        simulated,
        simulated.replacing(
          with: CountedTraffic(memoryReads: .init(perToken: 3, quality: .exact, source: "g")), tokens: 1000)
      )
    ])
    func rows(_ generation: String) throws -> [ProjectionRow] {
      var machine = host
      machine.name = "other"
      machine.generation = generation
      // So small that every line of the tables comes from memory.
      machine.caches[2].sizeBytes = 1 << 20
      let projector = Projector(
        runID: "r", machines: [machine], host: nil, kinds: [.simulated, .counted],
        evidence: TrafficEvidence(counts: RunCounts(points: [:], generation: "zen5"), host: host, ratios: ratios))
      return try projector.outcomes([point], experiment: run.experiment()).flatMap(\.rows)
    }
    let corrected = try rows("zen5")
    #expect(corrected.map(\.traffic) == ["simulated", "corrected"])
    #expect(corrected[1].tokensPerSecond < 0.9 * corrected[0].tokensPerSecond)
    #expect(corrected[1].trafficSources?.contains("corrected (x 3.00, ") == true)
    let widened = try rows("zen4")
    #expect(widened.map(\.traffic) == ["simulated", "widened"])
    #expect(widened[1].tokensPerSecond == widened[0].tokensPerSecond)
    #expect(widened[1].lowTokensPerSecond < 0.9 * widened[0].lowTokensPerSecond)
    #expect(widened[1].highTokensPerSecond >= widened[0].highTokensPerSecond)
    #expect(widened[1].trafficSources?.hasPrefix("simulated; band widened by counts of host: ") == true)
  }
}

@Suite struct CapacityFitTests {
  private func estimate(
    counting perToken: (Machine, any Workload) throws -> Double, on host: Machine, of point: Point, in run: RunDirectory
  ) throws -> CapacityFit {
    let workload = try ProfiledPoint.makeWorkload(
      of: point, from: KernelFactory(experiment: run.experiment()), bases: [host])
    let counted = CountedTraffic(
      memoryReads: .init(perToken: try perToken(host, workload), quality: .exact, source: "g"))
    return try #require(
      try CapacityFit(
        RunCounts(points: [point.id: counted]), points: [point], settled: [:], experiment: run.experiment(),
        host: host))
  }

  @Test(.slow, arguments: [12, 24]) func `the lines that a cache of some capacity misses lead back to it`(
    mebibytes: Int
  ) throws {
    let run = try twoSocketRun()
    let point = try #require(run.plan.points.first { $0.label.hasPrefix("lookup T=128 rows=256 ") })
    var host = try Machine(contentsOf: "\(run.path)/host.yaml")
    host.caches[2].inclusion = .nine
    let fit = try estimate(
      counting: { machine, workload in
        var real = machine
        real.caches[2].sizeBytes = mebibytes << 20
        func lines(_ workload: some Workload) throws -> Double {
          let traffic = try Traffic(simulating: workload, on: real)
          return traffic.lines(over: .memory) / Double(workload.tokens)
        }
        return try lines(workload)
      }, on: host, of: point, in: run)
    // The machine file says 32 MiB. Sets and the sample of lines are worth some percent.
    #expect(fit.statedBytes == 32 << 20 && fit.level == "L3" && fit.silentPoints == 0)
    #expect(abs((fit.medianBytes ?? 0) / Double(mebibytes << 20) - 1) < 0.1, "\(fit)")
    #expect(fit.lowBytes == fit.medianBytes && fit.highBytes == fit.medianBytes)
  }

  @Test(.slow) func `a point whose misses no capacity explains says nothing`() throws {
    let run = try twoSocketRun()
    let host = try Machine(contentsOf: "\(run.path)/host.yaml")
    let point = try #require(run.plan.points.first { $0.label.hasPrefix("lookup T=128 rows=16 ") })
    let fit = try estimate(counting: { _, _ in 1e9 }, on: host, of: point, in: run)
    #expect(fit.medianBytes == nil && fit.silentPoints == 1)
    #expect(
      try CapacityFit(RunCounts(points: [:]), points: [point], settled: [:], experiment: run.experiment(), host: host)
        == nil)
  }
}
