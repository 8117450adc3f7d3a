import Foundation
import Kernels
import PlanSupport
import Profiler
import Support
import TestSupport
import Testing

@testable import Measurement
@testable import Plans
@testable import RunStore

struct ValgrindRowTests {
  private let point = Point(
    sweep: "a", kernel: .lookup, seed: 1, hidden: 64, output: 64, tables: 4, tableRows: 16, tokens: 8192, threads: 1)

  private func rows(_ counts: [String: UInt64], tokens: Int) throws -> [CounterRow] {
    let counting = ValgrindCounting(
      group: try CounterGroup.load(Valgrind.group), directory: "/nonexistent", runID: "r", point: point)
    return counting.rows(
      CallgrindTotals(creator: "callgrind-3.19.0", counts: counts), tokens: tokens, notes: ["caches simulated: D1, LL"])
  }

  private let counts = Dictionary(uniqueKeysWithValues: CallgrindTotals.events.map { ($0, UInt64(500)) })

  @Test func `counts of all tokens are exact, and labelled with the tool that counted`() throws {
    let rows = try rows(counts, tokens: point.tokens)
    #expect(rows.map(\.event).contains("valgrind::D1mr"))
    for row in rows {
      #expect(row.source == "valgrind" && row.quality == "exact" && row.value == 500 && row.raw == 500)
      #expect(row.thread == nil && row.enabledNanoseconds == nil)
      #expect(row.canonicalEvent?.hasPrefix("callgrind-3.19.0 ") == true)
      #expect(row.reason == "caches simulated: D1, LL")
    }
  }

  @Test func `counts of fewer tokens are extrapolated, so that they are per token what was counted`() throws {
    let row = try #require(try rows(counts, tokens: 4096).first)
    #expect(row.raw == 500 && row.value == 1000 && row.quality == "scaled")
    #expect(row.reason?.hasPrefix("counted on 4096 of 8192 tokens, and extrapolated; ") == true)
  }

  @Test func `an event that callgrind did not write has no value`() throws {
    let row = try #require(try rows(["Ir": 1], tokens: 8192).first { $0.event == "valgrind::Dr" })
    #expect(row.value == nil && row.quality == "unsupported" && row.reason == "callgrind-3.19.0 wrote no Dr")
  }

  @Test func `metrics of valgrind's counts are labelled too`() throws {
    let group = try CounterGroup.load(Valgrind.group)
    let metrics = MetricRow.derived(from: try rows(counts, tokens: 4096), groups: [group])
    #expect(metrics.map(\.metric).contains("llc_mpki"))
    #expect(metrics.allSatisfy { $0.source == "valgrind" && $0.quality == "scaled" && $0.value != nil })
    #expect(metrics.first { $0.metric == "l1_mpki" }?.value == 2000)
  }
}

@Suite(.machine, .process) struct ValgrindCountingTests {
  private let point = Point(
    sweep: "a", kernel: .lookup, seed: 1, hidden: 64, output: 64, tables: 4, tableRows: 16, tokens: 1024, threads: 1,
    strategy: LookupStrategy(order: .token))

  /// The rows of a point that has run here as it would in a launch.
  private func rows(
    _ point: Point, executable: URL = URL(fileURLWithPath: "/bin/sh"), estimate: Double = 1, limit: Double = 300,
    valgrind: @escaping () throws -> Valgrind = { try Valgrind.installed() }
  ) throws -> [CounterRow] {
    try withTemporaryDirectory { directory in
      let topology = Topology.read()
      let pool = try PinnedPool(cpus: topology.cpus(for: point.cpus, threads: point.threads))
      let kernels = KernelFactory(experiment: try experiment("sweeps: [{name: a, set: {kernel: lookup}}]"))
      let prepared = try PreparedPoint(point, resolved: point, pool: pool, kernels: kernels, topology: topology)
      pool.run(prepared.work)
      let counting = ValgrindCounting(
        group: try CounterGroup.load(Valgrind.group), directory: directory, runID: "r", point: point,
        executable: executable, valgrind: valgrind)
      let rows = counting.rows(
        ValgrindCounting.Timed(prepared: prepared, resolved: point, isa: .best, topology: topology),
        estimate: estimate, limit: limit)
      // What a pass needed is gone; copies stay for the next point.
      let left = try FileManager.default.contentsOfDirectory(atPath: directory).filter { UUID(uuidString: $0) != nil }
      #expect(left.isEmpty)
      return rows
    }
  }

  /// Rows counted by `script` in valgrind's place.
  private func rows(script: String, limit: Double = 300) throws -> [CounterRow] {
    try withTemporaryDirectory { directory in
      let file = "\(directory)/valgrind"
      _ = FileManager.default.createFile(
        atPath: file, contents: Data("#!/bin/sh\n\(script)\n".utf8), attributes: [.posixPermissions: 0o755])
      return try rows(point, limit: limit) { Valgrind(executable: file) }
    }
  }

  private func reason(_ rows: [CounterRow]) throws -> String {
    #expect(rows.allSatisfy { $0.value == nil && $0.source == "valgrind" })
    #expect(Set(rows.map(\.reason)).count == 1)
    return try #require(rows.first?.reason)
  }

  #if arch(x86_64)
    @Test func `whatever becomes of the child, the point has rows with a reason`() throws {
      #expect(try reason(rows(script: "echo oops >&2; exit 3")).contains("ended with exit code 3: oops"))
      #expect(try reason(rows(script: "kill -SEGV $$")).contains("ended by SIGSEGV"))
      #expect(try reason(rows(script: "sleep 60", limit: 1)).contains("did not finish within 1 s"))
      // It ended well and has written nothing.
      let silent = try rows(script: "exit 0")
      #expect(try !reason(silent).isEmpty && silent.allSatisfy { $0.quality == "not_counted" })
    }

    @Test func `a machine without valgrind is no failure`() throws {
      let rows = try rows(point) { try Valgrind.installed(searchPath: "/nonexistent") }
      #expect(try reason(rows).contains("apt-get install valgrind"))
      #expect(rows.allSatisfy { $0.quality == "unsupported" })
    }

    @Test func `what would take longer than a launch may is not begun`() throws {
      let rows = try rows(point, estimate: 4000, limit: 600) { Valgrind(executable: "/bin/false") }
      #expect(try reason(rows).contains("about 4000 s under valgrind, longer than measure.timeout_seconds, 600 s"))
    }
  #endif

  static let isThere = (try? Valgrind.installed()) != nil

  @Test(.enabled(if: isThere, "needs valgrind on x86-64"), .slow)
  func `a tiny point is counted under valgrind, the same on one thread and on two`() throws {
    let point = point
    let one = try rows(point, executable: RunningTool.executable)
    let value = Dictionary(one.map { ($0.event, $0.value) }, uniquingKeysWith: { first, _ in first })
    func count(_ event: String) throws -> Double {
      let row = try #require(one.first { $0.event == "valgrind::\(event)" })
      return try #require(value["valgrind::\(event)"] ?? nil, "\(row.reason ?? "")")
    }
    #expect(one.allSatisfy { $0.source == "valgrind" && $0.quality == "exact" })
    // Each row is loaded once, by vectors of 32 bytes at the most; each output is stored at least once.
    let tokens = Double(point.tokens)
    #expect(try count("Dr") >= tokens * 4 * 64 / 8)
    #expect(try count("Dw") >= tokens * 64 / 8)
    #expect(try count("Ir") >= count("Dr"))
    // Far below what it takes to start the tool, some hundred million instructions: only the pass is counted.
    #expect(try count("Ir") < 10_000_000)
    // All of it fits into the last level, which a pass has filled before.
    #expect(try count("DLmr") + count("DLmw") < 100)

    guard Topology.read().allowedCPUs.count > 1 else { return }
    var team = point
    team.threads = 2
    let two = try rows(team, executable: RunningTool.executable)
    for event in ["Ir", "Dr", "Dw"] {
      let row = try #require(two.first { $0.event == "valgrind::\(event)" })
      let other = try #require(row.value, "\(row.reason ?? "")")
      #expect(abs(other / (try count(event)) - 1) < 0.02, "\(event)")
      #expect(row.reason?.contains("2 threads in turns, on one pair of caches") == true)
    }
  }

  /// Totals of the tool's kernel of known work under valgrind, and the work.
  private func totals(_ kernel: KnownAnswer.Kernel) throws -> (counts: [String: Double], units: Double) {
    try withTemporaryDirectory { directory in
      let topology = Topology.read()
      let program = "\(directory)/lookahead"
      let image = try CountingImage(of: RunningTool.executable.path, to: program)
      #expect(image.replaced > 100)
      let valgrind = try Valgrind.installed()
      let process = try ChildProcess.run(
        URL(fileURLWithPath: valgrind.executable),
        valgrind.arguments(
          caches: ValgrindCaches(topology, cpu: topology.allowedCPUs[0]), output: "\(directory)/out",
          program: [program, CountedPass.verb, "--known", kernel.rawValue]),
        environment: ["LD_LIBRARY_PATH": RunningTool.executable.deletingLastPathComponent().path], seconds: 300)
      #expect(process.failure == nil)
      let text = String(decoding: process.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      let totals = try CallgrindTotals(text: readTextFile("\(directory)/out"), file: "out")
      return (totals.counts.mapValues { Double($0) }, try #require(Double(text)))
    }
  }

  @Test(.enabled(if: isThere, "needs valgrind on x86-64"), .slow)
  func `a loop of a known number of loads has that many, and as many misses`() throws {
    let (counts, loads) = try totals(.chasedLoads)
    #expect(loads == Double(1 << 19))
    // A few more where the loop is entered and left.
    #expect((loads...loads * 1.001).contains(counts["Dr"] ?? 0), "\(counts)")
    #expect((loads * 0.99...loads * 1.001).contains(counts["D1mr"] ?? 0), "\(counts)")
  }

  @Test(.enabled(if: isThere, "needs valgrind on x86-64"), .slow)
  func `a loop of a known number of additions has that many instructions, and hardly a load`() throws {
    let (counts, adds) = try totals(.dependentAdds)
    #expect((adds...adds * 1.1).contains(counts["Ir"] ?? 0), "\(counts)")
    #expect((counts["Dr"] ?? 0) < 1000, "\(counts)")
  }
}
