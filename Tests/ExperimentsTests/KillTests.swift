import Foundation
import Kernels
import Profiler
import Support
import TestSupport
import Testing

@testable import Measurement
@testable import Plans
@testable import RunStore

/// Runs of the built tool that are interrupted, killed and started twice.
@Suite(.process, .slow) struct KillTests {
  private static let text = """
    schema: lookahead/experiment/1
    name: tiny
    seed: 9
    defaults: {kernel: lookup, threads: 1, hidden: 16, tables: 2, table_rows: 4, block_size: 8}
    sweeps:
      - {name: lookup, axes: {tokens: {range: [1, 30, 1]}}}
      - {name: dense, set: {kernel: dense, intermediate: 16}, axes: {tokens: {range: [1, 10, 1]}}}
    measure: {min_samples: 6, min_seconds: 0, max_seconds: 0.005, warmup_seconds: 0, launches: 2}
    machines: [host]
    """

  /// Writes the experiment into `directory` and begins its run with canned ceilings, because measuring them takes half a
  /// minute.
  private func prepare(_ directory: String, _ text: String = KillTests.text) throws {
    let file = "\(directory)/tiny.yaml"
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    let experiment = try Experiment(contentsOf: "tiny.yaml", in: directory)
    let topology = Topology.read()
    let run = try RunDirectory.createOrResume(
      at: "\(directory)/run", plan: Plan(experiment, topology: topology),
      manifest: Manifest(
        experiment: experiment, commandLine: [], host: ProcessInfo.processInfo.hostName, toolVersion: "1"))
    _ = try RunSetup.prepare(
      run, topology: topology,
      steps: RunSetup.Steps(calibrate: { _ in cannedCalibration() }, audit: { _, _ in BaselineAudit() }),
      allowsChange: false, isInterrupted: { false }, report: { _ in })
  }

  private static let arguments = ["run", "tiny.yaml", "--output", "run", "--allow-debug"]

  private func start(_ directory: String) throws -> RunningTool {
    try RunningTool(Self.arguments, in: directory)
  }

  private func measuredLaunches(_ directory: String) throws -> Set<RunStore.LaunchKey> {
    let store = try RunDirectory(opening: "\(directory)/run").store
    #expect(try store.integrityProblems() == [])
    #expect(try store.rows(AttemptRow.self).count { $0.status == .running } <= 1)
    return try store.measuredLaunches()
  }

  @Test func `a sweep killed at 50 random moments ends with every point once and an intact database`() throws {
    try withTemporaryDirectory { directory in
      try prepare(directory)
      let seed = UInt64(Date().timeIntervalSince1970)
      var random = RandomSource(seed: seed)
      var before: Set<RunStore.LaunchKey> = []
      for round in 0..<50 {
        let tool = try start(directory)
        // From the first instructions of the process to a handful of points.
        usleep(UInt32.random(in: 1000...900_000, using: &random))
        // Kills the whole group, as a batch system does, or only the parent, whose child must then end too.
        kill(round.isMultiple(of: 2) ? -tool.pid : tool.pid, SIGKILL)
        _ = tool.wait()
        #expect(tool.isGone(), "seed \(seed), round \(round)")
        // Checked only in some rounds, so that the tool itself also meets the state that a kill leaves.
        guard round.isMultiple(of: 3) else { continue }
        let now = try measuredLaunches(directory)
        #expect(now.isSuperset(of: before), "seed \(seed), round \(round)")
        before = now
      }
      let last = try start(directory)
      #expect(last.wait() == 0, "\(last.messages)")

      let run = try RunDirectory(opening: "\(directory)/run")
      let launches = Set(
        run.plan.points.flatMap { point in
          [0, 1].map { RunStore.LaunchKey(pointID: point.id, launch: $0) }
        })
      #expect(try measuredLaunches(directory) == launches)
      #expect(try run.store.statuses().values.allSatisfy { $0 == .done })
      let results = try run.store.rows(ResultRow.self)
      #expect(results.count == run.plan.points.count && Set(results.map(\.pointID)).count == results.count)
      #expect(results.allSatisfy { $0.status == .passed && $0.launches == 2 })
      let samples = try run.store.rows(SampleRow.self)
      #expect(Set(samples.map { "\($0.pointID) \($0.launch) \($0.sample)" }).count == samples.count)
      #expect(samples.map(\.orderIndex).sorted() == Array(0..<samples.count))
      #expect(results.reduce(0) { $0 + ($1.n ?? 0) } == samples.count)
      let passed = try run.store.rows(AttemptRow.self).filter { $0.status == .passed }
      #expect(passed.count == launches.count)
      #expect(
        Set(try run.store.rows(StageRow.self).map { "\($0.pointID) \($0.stage)" }).count
          == (try run.store.rows(StageRow.self).count))
      #expect(run.manifest.finished != nil)
    }
  }

  /// Points that take too long to end by themselves.
  private static let slow = text.replacing("max_seconds: 0.005", with: "max_seconds: 600")
    .replacing("min_samples: 6", with: "min_samples: 1000000")

  private func waitForPoint(_ directory: String) throws {
    #expect(
      RunningTool.waits {
        (try? RunDirectory(opening: "\(directory)/run").store.rows(AttemptRow.self).contains { $0.status == .running })
          == true
      })
  }

  @Test(arguments: [(SIGINT, true), (SIGTERM, false)])
  func `an interrupt ends a run after the current sample, with how to go on`(signal: Int32, group: Bool) throws {
    try withTemporaryDirectory { directory in
      try prepare(directory, Self.slow)
      let tool = try start(directory)
      try waitForPoint(directory)
      kill(group ? -tool.pid : tool.pid, signal)
      #expect(tool.wait() == 1)
      #expect(
        tool.messages.contains("interrupted with 40 of 40 points to go; run the same command to continue"),
        "\(tool.messages)")
      #expect(tool.isGone())
      #expect(FileManager.default.fileExists(atPath: "\(directory)/run/results.csv"))
      let store = try RunDirectory(opening: "\(directory)/run").store
      #expect(try store.rows(AttemptRow.self).map(\.status) == [.interrupted])
      #expect(try store.statuses().values.allSatisfy { $0 == .planned })
    }
  }

  @Test func `a second run into a directory says who has it, and leaves it alone`() throws {
    try withTemporaryDirectory { directory in
      try prepare(directory, Self.slow)
      let first = try start(directory)
      defer { kill(-first.pid, SIGKILL) }
      try waitForPoint(directory)
      try withTemporaryDirectory { other in
        try FileManager.default.copyItem(atPath: "\(directory)/tiny.yaml", toPath: "\(other)/tiny.yaml")
        for restart in [[], ["--restart"]] {
          let second = try RunningTool(
            ["run", "tiny.yaml", "--output", "\(directory)/run", "--allow-debug"] + restart, in: other)
          #expect(second.wait() == 1)
          #expect(second.messages.contains("process \(first.pid) on "), "\(second.messages)")
        }
      }
      // A report during the run is not a second run.
      let report = try RunningTool(["report", "\(directory)/run"], in: directory)
      #expect(report.wait() == 0)
      #expect(first.hasProcesses)
    }
  }
}

extension Experiment {
  /// Reads `file` as a process in `directory` names it.
  fileprivate init(contentsOf file: String, in directory: String) throws {
    try self.init(text: readTextFile("\(directory)/\(file)"), file: file)
  }
}
