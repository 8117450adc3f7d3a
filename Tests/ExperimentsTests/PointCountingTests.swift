import Glibc
import Kernels
import PlanSupport
import Profiler
import Support
import TestSupport
import Testing

@testable import Measurement
@testable import Plans
@testable import RunStore

@Suite(.machine) struct PointCountingTests {
  private let point = Point(
    sweep: "a", kernel: .dense, seed: 1, hidden: 8, intermediate: 32, output: 8, tokens: 40, threads: 1)

  private func group(_ text: String) throws -> CounterGroup {
    try CounterGroup(yaml: YAMLValue(text: text, file: "group.yaml"))
  }

  private func counts(_ raw: UInt64, running: UInt64 = 1000) -> SyntheticBackend.Script {
    .advances(CounterCounts(raw: raw, enabledNs: 1000, runningNs: running))
  }

  private func groups() throws -> [CounterGroup] {
    try [
      group("{name: one, description: d, pmu: p, events: ['p::A', 'p::B']}"),
      group("{name: two, description: d, pmu: p, events: ['p::C']}"),
    ]
  }

  /// The rows of a pass, and the number of times that the work ran.
  private func run(
    _ plan: CounterPlan, _ backend: any CounterBackend, threads: Int = 1
  ) throws -> (rows: [CounterRow], runs: Int) {
    var plan = plan
    plan.backend = { _ in backend }
    let cpu = Topology.read().allowedCPUs[0]
    let pool = try PinnedPool(cpus: [Int](repeating: cpu, count: threads))
    var runs = 0
    let rows = PointCounting(plan: plan, runID: "r", point: point).rows(pool) { if $0 == 0 { runs += 1 } }
    return (rows, runs)
  }

  private let backend = SyntheticBackend([
    "p::A": .advances(CounterCounts(raw: 10, enabledNs: 1000, runningNs: 1000)),
    "p::B": .advances(CounterCounts(raw: 20, enabledNs: 1000, runningNs: 1000)), "p::C": .fails(ENOENT),
  ])

  @Test func `each group has a pass of its own`() throws {
    let (rows, runs) = try run(CounterPlan(groups: groups()), backend)
    #expect(runs == 2)
    #expect(rows.map(\.group) == ["one", "one", "two"])
    #expect(rows.map(\.value) == [10, 20, nil])
    #expect(rows.map(\.thread) == [0, 0, 0])
    #expect(rows[2].quality == "unsupported" && rows[2].reason?.contains("virtual machine") == true)
  }

  @Test func `with multiplexing all groups share one pass, and say for which share of it they counted`() throws {
    var plan = CounterPlan(groups: try groups())
    plan.multiplex = true
    let shared = SyntheticBackend([
      "p::A": counts(10, running: 250), "p::B": counts(20, running: 250), "p::C": counts(5, running: 750),
    ])
    let (rows, runs) = try run(plan, shared)
    #expect(runs == 1)
    let scaled: [Double?] = [40, 80, 5 / 0.75]
    #expect(rows.map(\.value) == scaled)
    #expect(rows.allSatisfy { $0.quality == "scaled" })
    #expect(rows.map(\.raw) == [10, 20, 5])
    #expect(rows[0].reason?.contains("25 %") == true && rows[2].reason?.contains("75 %") == true)
  }

  @Test func `a group whose turn did not come is not counted, and says why`() throws {
    var plan = CounterPlan(groups: try groups())
    plan.multiplex = true
    let late = SyntheticBackend(["p::A": counts(10), "p::B": counts(20), "p::C": counts(0, running: 0)])
    let row = try run(plan, late).rows[2]
    #expect(row.quality == "not_counted" && row.value == nil)
    #expect(row.reason?.contains("before its turn") == true)
  }

  @Test func `counts that a script made up are called synthetic, never measured`() throws {
    #expect(try run(CounterPlan(groups: groups()), backend).rows.allSatisfy { $0.source == "synthetic" })
  }

  @Test func `the kernel's counts say where they come from`() throws {
    var plan = try CounterPlan(["software", "cycles", "zen5-flops", "memory"])
    plan.choices += [CounterChoice](repeating: try CounterChoice("software"), count: 2)
    let (rows, runs) = try run(plan, LibPFMBackend())
    let source = Dictionary(rows.map { ($0.event, $0.source) }, uniquingKeysWith: { first, _ in first })
    #expect(source["perf::PAGE-FAULTS"] == "software")
    #expect(source["perf::CYCLES"] == "generic")
    #expect(source["perf_raw::r0f03"] == "raw")
    #expect(rows.filter { $0.event.contains("/") }.allSatisfy { $0.source == "sysfs" && $0.thread == nil })
    // A group asked for twice is counted once.
    #expect(runs == plan.groups.count)
  }

  @Test func `every topic leaves rows: values, or blanks with a reason`() throws {
    let topics = try CounterChoice.topics()
    let plan = try CounterPlan(["software"] + topics)
    let rows = try run(plan, LibPFMBackend()).rows
    for choice in plan.choices {
      let own = rows.filter { row in choice.groups.contains { $0.name == row.group } || row.group == choice.asked }
      #expect(!own.isEmpty, "\(choice.asked)")
      for row in own {
        #expect((row.value == nil) == ["not_counted", "unsupported", "denied"].contains(row.quality))
        #expect(row.value != nil || row.reason?.isEmpty == false, "\(row.event)")
      }
    }
  }

  @Test func `what a topic came to is a fact of the run`() throws {
    let plan = try CounterPlan(["cache", "software"])
    let facts = plan.facts(.start)
    #expect(facts.map(\.name) == ["counters_cache", "counters_software"])
    #expect(facts[0].value?.contains("-cache: ") == true)
    #expect(facts[1].value == "software: named in the experiment")
  }

  @Test func `a recorded run replayed gives the same rows, threads and all`() throws {
    let groups = try groups()
    let recorded = try run(CounterPlan(groups: groups), backend, threads: 2).rows
    #expect(recorded.count == 6)
    let replayed = try run(CounterPlan(groups: groups), ReplayBackend(recorded), threads: 2).rows
    // A recording does not turn synthetic counts into measured ones.
    #expect(replayed == recorded)
    let measured = recorded.map { row in
      var row = row
      row.source = "libpfm"
      return row
    }
    #expect(
      try run(CounterPlan(groups: groups), ReplayBackend(measured), threads: 2).rows.allSatisfy {
        $0.source == "replay"
      })
  }
}

@Suite(.machine) struct MetricRowTests {
  private func group(_ metrics: [String], scope: String = "thread", events: String = "['p::A', 'p::B']") throws
    -> CounterGroup
  {
    let list = metrics.enumerated().map { "  - {name: m\($0), unit: u, formula: \"\($1)\"}" }.joined(separator: "\n")
    let text = "name: g\ndescription: d\npmu: p\nscope: \(scope)\nevents: \(events)\nmetrics:\n\(list)"
    return try CounterGroup(yaml: YAMLValue(text: text, file: "group.yaml"))
  }

  private func row(
    _ event: String, _ value: Double?, thread: Int? = nil, socket: Int? = nil, group: String = "g",
    quality: CounterQuality = .exact, reason: String? = nil, nanoseconds: Int? = 2_000_000_000
  ) -> CounterRow {
    CounterRow(
      runID: "r", pointID: "p", launch: 0, thread: thread, socket: socket, group: group, event: event, source: "libpfm",
      raw: value.map { Int($0) }, enabledNanoseconds: value == nil ? nil : nanoseconds,
      runningNanoseconds: value == nil ? nil : nanoseconds, value: value, quality: quality.rawValue, reason: reason)
  }

  @Test func `threads are summed, and a rate goes by the time that the events were enabled`() throws {
    let rows = MetricRow.derived(
      from: [
        row("p::A", 10, thread: 0), row("p::B", 1, thread: 0), row("p::A", 30, thread: 1), row("p::B", 3, thread: 1),
      ],
      groups: [try group(["'p::A' / 'p::B'", "'p::A' / seconds", "'p::A' / threads"])])
    #expect(rows.map(\.value) == [10, 20, 20])
    #expect(rows.allSatisfy { $0.quality == "exact" && $0.reason == nil && $0.socket == nil && $0.source == "libpfm" })
    #expect(rows[0].formula == "'p::A' / 'p::B'")
  }

  @Test func `a group of sockets is derived for each socket, and for all`() throws {
    let rows = MetricRow.derived(
      from: [row("p/a/", 10, socket: 0), row("p/a/", 30, socket: 1)],
      groups: [try group(["64 * 'p/a/' / seconds"], scope: "socket", events: "['p/a/']")])
    #expect(rows.map(\.socket) == [nil, 0, 1])
    #expect(rows.map(\.value) == [1280, 320, 960])
  }

  @Test func `instructions and cycles come from the pass that counted them`() throws {
    let group = try group(["1000 * 'p::A' / instructions", "'p::A' / cycles"])
    let own = [row("p::A", 4, thread: 0), row("p::B", 1, thread: 0)]
    let cycles = [
      row("perf::CYCLES", 8, thread: 0, group: "perf-cycles"),
      row("perf::INSTRUCTIONS", 1000, thread: 0, group: "perf-cycles"),
    ]
    #expect(MetricRow.derived(from: own + cycles, groups: [group]).map(\.value) == [4, 0.5])
    let without = MetricRow.derived(from: own, groups: [group])
    #expect(without.map(\.value) == [nil, nil])
    #expect(without[0].quality == "not_counted")
    #expect(without[0].reason == "needs instructions: ask for the topic cycles as well")
  }

  @Test func `quality is that of the worst event, and what is missing or suspect has no value`() throws {
    let group = try group(["'p::A' + 'p::B'", "'p::A'"])
    func derive(_ quality: CounterQuality, _ value: Double?) -> [MetricRow] {
      MetricRow.derived(
        from: [row("p::A", 1, thread: 0), row("p::B", value, thread: 0, quality: quality, reason: "because")],
        groups: [group])
    }
    let scaled = derive(.scaled, 2)
    #expect(scaled.map(\.value) == [3, 1])
    #expect(scaled.map(\.quality) == ["scaled", "exact"])
    for missing in [derive(.suspect, 2), derive(.denied, nil), derive(.unsupported, nil)] {
      #expect(missing.map(\.value) == [nil, 1])
      #expect(missing[0].reason == "because")
    }
    #expect(derive(.suspect, 2)[0].quality == "suspect")
  }

  @Test func `a division by a count of 0 has no value, and says so`() throws {
    let rows = MetricRow.derived(
      from: [row("p::A", 1, thread: 0), row("p::B", 0, thread: 0)], groups: [try group(["'p::A' / 'p::B'"])])
    #expect(rows[0].value == nil)
    #expect(rows[0].reason?.contains("is 0") == true)
  }

  @Test func `a group that was not counted derives nothing`() throws {
    #expect(MetricRow.derived(from: [], groups: [try group(["'p::A'"])]).isEmpty)
  }
}
