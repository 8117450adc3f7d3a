import Foundation
import Profiler
import Testing

@testable import Measurement
@testable import Plans
@testable import Reports
@testable import RunStore

/// After an intended change, run these tests with LOOKAHEAD_TEST_OUTPUT set to a directory, and replace
/// manifest.json, plan.jsonl and results.sqlite of the fixture by those of its `two-socket/`.
@Suite struct CounterReportTests {
  private func rows(_ directory: RunDirectory) throws -> [[String?]] {
    try directory.store.rows(CounterRow.self).map { row in
      [
        directory.plan.points.first { $0.id == row.pointID }?.label, row.group, row.event, row.thread.map(String.init),
        row.socket.map(String.init), row.source, row.raw.map(String.init), row.value.map { "\($0)" }, row.quality,
      ]
    }
  }

  @Test func `the recorded two-socket run is what the synthetic back end counts on the fixture machine today`() throws {
    try withRunDirectory("two-socket") { path in
      let run = try TwoSocketRun(at: path)
      try run.record()
      try withRunDirectory("recorded") { copy in
        let recorded = try copyRecordedTwoSocketRun(to: copy)
        #expect(try rows(recorded) == rows(run.run.directory))
      }
      try run.run.directory.store.close()
    }
  }

  @Test func `a recorded run with a full PMU is reported anywhere, and says that it is synthetic`() throws {
    try withRunDirectory("recorded-report") { path in
      let directory = try copyRecordedTwoSocketRun(to: path)
      let report = try RunReport.write(directory, gnuplot: nil)
      let text = report.markdown
      #expect(text.contains("> **This run is synthetic.**"))
      #expect(
        text.contains(
          "**Synthetic: a script made these counts up for a described machine. No hardware counted anything.**"))
      #expect(report.warnings.first?.contains("This run is synthetic") == true)
      // The groups that each topic stood for on a Turin.
      #expect(text.contains("- `cache`: zen5-cache: made for this CPU (AuthenticAMD family 26 model 2)"))
      #expect(text.contains("- `memory`: zen5-memory: made for this CPU"))
      #expect(text.contains("- `cycles`: perf-cycles: the same on every CPU"))
      #expect(text.contains("- `numa`: no group of this topic is for AuthenticAMD family 26 model 2"))
      // Derived metrics, by socket, with marks.
      #expect(text.contains("instructions_per_cycle (instructions/cycle)"))
      #expect(text.contains("memory_read_rate, socket 0 (GB/s)") && text.contains("memory_read_rate, socket 1 (GB/s)"))
      #expect(text.contains("l3_mpki (lines/1000 instructions)"))
      #expect(text.contains("page_walk_ratio (walks/miss)") && text.contains(" †"))
      #expect(text.contains("`zen5-flops: floating_point_rate`"))
      #expect(text.contains("denied (not permitted: kernel.perf_event_paranoid"))
      // Three accounts of bytes, side by side.
      #expect(text.contains("Bytes per token by three accounts, never mixed"))
      for name in ["plots/throughput-size.gp"] {
        let script = try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
        #expect(script.contains("SYNTHETIC: Measured throughput"))
      }
      let metrics = try String(contentsOfFile: "\(path)/metrics.csv", encoding: .utf8).split(separator: "\n")
      #expect(metrics.first == "run_id,point_id,launch,socket,group,metric,unit,value,quality,reason,source,formula")
      #expect(metrics.dropFirst().allSatisfy { $0.contains(",synthetic,") })
    }
  }

  @Test func `counted bytes per token are those of both sockets' controllers`() throws {
    try withRunDirectory("recorded-bytes") { path in
      let directory = try copyRecordedTwoSocketRun(to: path)
      let metrics = try directory.store.rows(MetricRow.self).filter { $0.metric == "memory_bytes" }
      let counters = try directory.store.rows(CounterRow.self).filter { $0.group == "zen5-memory" }
      for point in directory.plan.points {
        let total = metrics.first { $0.pointID == point.id && $0.socket == nil }?.value
        let lines = counters.filter { $0.pointID == point.id }.compactMap(\.value).reduce(0, +)
        #expect(lines > 0 && total == 64 * lines)
        let sockets = metrics.filter { $0.pointID == point.id && $0.socket != nil }.compactMap(\.value)
        #expect(sockets.count == 2 && sockets[0] > sockets[1])
        #expect(abs(sockets.reduce(0, +) - (total ?? 0)) < 1)
      }
    }
  }

  @Test func `the recorded run replayed behind the counters' interface gives its own rows again`() throws {
    try withRunDirectory("recorded-replay") { path in
      let directory = try copyRecordedTwoSocketRun(to: path)
      let recorded = try directory.store.rows(CounterRow.self)
      let experiment = try Experiment(text: TwoSocketRun.experiment, file: "study.yaml")
      // The result does not depend on the CPU of the tests: the groups are those of the run.
      var plan = CounterPlan(
        groups: try ["software", "perf-cycles", "zen5-cache", "zen5-tlb", "zen5-flops", "zen5-memory"].map {
          var group = try CounterGroup.load($0)
          group.cpu = nil
          return group
        })
      #expect(experiment.counters.count == plan.groups.count + 1)
      let cpus = Topology.read().allowedCPUs
      let pool = try PinnedPool(cpus: [cpus[0], cpus[cpus.count - 1]])
      for point in directory.plan.points {
        let rows = recorded.filter { $0.pointID == point.id }
        plan.backend = { _ in ReplayBackend(rows) }
        let replayed = PointCounting(plan: plan, runID: directory.manifest.runID, point: point).rows(pool) { _ in }
        #expect(replayed == rows.filter { $0.group != "numa" })
      }
    }
  }

  @Test func `counts of valgrind are labelled with it in every table, with what they stand for`() throws {
    try withRunDirectory("valgrind") { path in
      let run = try SyntheticRun(SyntheticRun.small, at: path)
      let point = run.directory.plan.points[0]
      let group = try CounterGroup.load(Valgrind.group)
      let counting = ValgrindCounting(group: group, directory: path, runID: "r", point: point)
      let totals = CallgrindTotals(
        creator: "callgrind-3.19.0", counts: Dictionary(uniqueKeysWithValues: CallgrindTotals.events.map { ($0, 640) }))
      let rows = counting.rows(totals, tokens: point.tokens, notes: ["caches simulated: D1 32KiB, LL 32MiB"])
      try run.directory.store.finish(
        PointOutcome(
          result: run.measured(point, nanosecondsPerToken: 1), counters: rows,
          metrics: MetricRow.derived(from: rows, groups: [group])))
      let text = try RunReport.write(run.directory, gnuplot: nil).markdown
      let label = "Group `valgrind`, counted by valgrind in a pass of its own, not by the CPU"
      // Counts, and what is derived from them.
      #expect(text.components(separatedBy: label).count == 3)
      #expect(text.contains("- caches simulated: D1 32KiB, LL 32MiB."))
      #expect(text.contains("valgrind::DLmr") && text.contains("llc_mpki"))
      let csv = try String(contentsOfFile: "\(path)/counters.csv", encoding: .utf8).split(separator: "\n").dropFirst()
      #expect(
        csv.count == group.events.count && csv.allSatisfy { $0.contains(",valgrind::") && $0.contains(",valgrind,") })
    }
  }

  @Test func `counts of another run say so in the report`() throws {
    try withRunDirectory("replayed") { path in
      let run = try SyntheticRun(SyntheticRun.small, at: path)
      let point = run.directory.plan.points[0]
      let row = CounterRow(
        runID: "r", pointID: point.id, launch: 0, thread: 0, group: "software", event: "perf::PAGE-FAULTS",
        source: "replay",
        raw: 1, enabledNanoseconds: 1, runningNanoseconds: 1, value: 1, quality: "exact")
      try run.directory.store.finish(PointOutcome(result: run.measured(point, nanosecondsPerToken: 1), counters: [row]))
      #expect(
        try RunReport.write(run.directory, gnuplot: nil).markdown.contains("**Replayed: an earlier run counted these"))
    }
  }
}
