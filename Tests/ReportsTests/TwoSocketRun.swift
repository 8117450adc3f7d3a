import Foundation
import Kernels
import PlanSupport
import Profiler
import TestSupport
import Testing

@testable import Measurement
@testable import Plans
@testable import Reports
@testable import RunStore

/// A synthetic run: two Turin sockets as the fixture describes them, scripted counters, and times from a formula. It
/// uses the code that counts real runs, so that every path behind a PMU can be tested without one; its rows, facts
/// and report say that it is synthetic. Recorded as `Tests/Fixtures/runs/two-socket-synthetic`.
struct TwoSocketRun {
  static let experiment = """
    schema: lookahead/experiment/1
    name: two-socket-synthetic
    question: What does a report of a machine with a full PMU and two sockets look like?
    defaults: {tokens: 4096, tables: 128, column_slice: 128, table_group: 8, prefetch_rows: 0}
    measure: {max_seconds: 5}
    counters: [software, cycles, cache, tlb, flops, memory, numa]
    sweeps:
      - name: size
        set: {threads: 2}
        axes: {kernel: [dense, lookup], table_rows: [16, 256, 4096]}

    """

  let run: SyntheticRun
  private let machine: FakeMachine
  private let plan: CounterPlan

  init(at path: String) throws {
    run = try SyntheticRun(Self.experiment, at: path, host: "synthetic-turin-2s")
    machine = try FakeMachine.counters(of: "turin-2s")
    plan = try CounterPlan(try Experiment(text: Self.experiment, file: "study.yaml").counters, root: machine.root)
  }

  /// Counts every point through sessions over the script, and stores the rows.
  func record() throws {
    let cpus = Topology.read().allowedCPUs
    let pool = try PinnedPool(cpus: [cpus[0], cpus[cpus.count - 1]])
    for point in run.directory.plan.executionOrder {
      var counting = plan
      counting.backend = { script(of: $0) }
      let counters = PointCounting(plan: counting, runID: run.directory.manifest.runID, point: point).rows(pool) { _ in
      }
      var result = try run.measured(point, nanosecondsPerToken: run.time(point))
      result.cpuModel = "synthetic two-socket machine"
      try run.directory.store.finish(
        PointOutcome(
          result: result, counters: counters, metrics: MetricRow.derived(from: counters, groups: plan.groups)))
      try run.directory.store.add(
        ProjectionOutcome(
          stages: run.stages(point).map { stage in
            var stage = stage
            stage.modelledMemoryLinesPerToken = modelledLines(point) / 3
            return stage
          }), of: point.id)
    }
    for when in FactTime.allCases {
      try run.directory.store.replace(
        facts: [
          FactRow(when: when, name: FactName.origin, value: CounterOrigin.synthetic.rawValue),
          FactRow(when: when, name: FactName.cpuModel, value: "synthetic two-socket machine"),
        ] + plan.facts(when), at: when)
    }
    try run.directory.finish(at: Date(timeIntervalSince1970: 1_767_226_600))
  }

  private func modelledLines(_ point: Point) -> Double {
    Double(point.tableBytes ?? 1 << 22) / 64 / Double(point.tokens)
  }

  /// Counts from the point's time and tables: exact ones, a TLB group that was counted for two fifths of the pass, a
  /// vector unit that the kernel refuses to count, and memory traffic mostly on the first socket.
  private func script(of point: Point) -> SyntheticBackend {
    let nanoseconds = UInt64(run.time(point) * Double(point.tokens))
    func counts(_ perToken: Double, share: Double = 1) -> SyntheticBackend.Script {
      .advances(
        CounterCounts(
          raw: UInt64((perToken * Double(point.tokens) * share).rounded()), enabledNs: nanoseconds,
          runningNs: UInt64(Double(nanoseconds) * share)))
    }
    let cycles = run.time(point) * 3.2
    let lines = modelledLines(point)
    func channel(_ perToken: Double, socket: Int) -> SyntheticBackend.Script {
      counts(perToken / 12 * (socket == 0 ? 0.7 : 0.3))
    }
    let scripts: [String: SyntheticBackend.Script] = [
      "perf::PAGE-FAULTS": counts(0), "perf::CONTEXT-SWITCHES": counts(0), "perf::CPU-MIGRATIONS": counts(0),
      "perf::TASK-CLOCK": counts(run.time(point)), "perf::CYCLES": counts(cycles),
      "perf::INSTRUCTIONS": counts(cycles * 2.5),
      "perf_raw::r0129": counts(cycles), "perf_raw::r0144": counts(cycles / 20), "perf_raw::r0244": counts(cycles / 80),
      "perf_raw::r1444": counts(1), "perf_raw::r0844": counts(lines / 4), "perf_raw::r4044": counts(lines / 40),
      "perf_raw::r0345": counts(2, share: 0.4), "perf_raw::r0445": counts(10, share: 0.4),
      "perf_raw::r3045": counts(1, share: 0.4), "perf_raw::r4045": counts(0.5, share: 0.4),
      "perf_raw::r0f03": .fails(EACCES), "perf_raw::r0076": counts(cycles),
      "amd_umc/event=0x0a,rdwrmask=0x1/@0": channel(lines, socket: 0),
      "amd_umc/event=0x0a,rdwrmask=0x1/@128": channel(lines, socket: 1),
      "amd_umc/event=0x0a,rdwrmask=0x2/@0": channel(32, socket: 0),
      "amd_umc/event=0x0a,rdwrmask=0x2/@128": channel(32, socket: 1),
    ]
    return SyntheticBackend(
      scripts,
      softwareEvents: [
        "perf::PAGE-FAULTS": 2, "perf::CONTEXT-SWITCHES": 3, "perf::CPU-MIGRATIONS": 4, "perf::TASK-CLOCK": 1,
      ], root: machine.root)
  }
}

/// A copy at `path` of the run that `TwoSocketRun` recorded, since a report is written into its run's directory.
func copyRecordedTwoSocketRun(to path: String) throws -> RunDirectory {
  let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/runs/two-socket-synthetic").path
  try? FileManager.default.removeItem(atPath: path)
  try FileManager.default.copyItem(atPath: fixture, toPath: path)
  return try RunDirectory(opening: path)
}
