import Foundation
import Machines
import PlanSupport
import Support
import Testing

@testable import Plans
@testable import Studies

/// Inverse questions: the answer is the least value that suffices, and profiles agree with simulations.
@Suite struct ExplorationTests {
  private static let tables = """
    seed: 3
    defaults: {tokens: 192, hidden: 128, threads: 1}
    sweeps:
      - name: lookup
        set: {kernel: lookup, tables: 32, table_rows: 256}
      - name: dense
        set: {kernel: dense, intermediate: 512}
    """

  /// Small caches, so that 192 tokens use all of them.
  private static let base = Machine(
    name: "base", cores: 8, frequencyGHz: 3, simd: VectorUnits(isa: "avx512", widthBits: 512, fmaUnits: 2),
    caches: [
      CacheDescription(name: "L1", sizeBytes: 32 << 10, ways: 8, latencyCycles: 4, bytesPerCycle: 96),
      CacheDescription(name: "L2", sizeBytes: 512 << 10, ways: 16, latencyCycles: 14, bytesPerCycle: 40),
      CacheDescription(
        name: "L3", sizeBytes: 8 << 20, ways: 16, sharedByCores: 8, latencyCycles: 50, bytesPerCycle: 12),
    ],
    transfersOverlap: true,
    memory: [
      MemoryDescription(name: "ddr", peakGigabytesPerSecond: 60, idleLatencyNanoseconds: 100, linesInFlightPerCore: 24)
    ])

  private func explored(
    _ targets: String..., vary: [String] = [], checks: Int = 0, base: Machine = base, body: String = tables
  ) throws -> Exploration {
    let experiment = try experiment(body)
    return try Exploration(
      try Plan(experiment, cpuCount: 1).points, experiment: experiment, bases: [base],
      targets: targets.map { try ExplorationTarget($0) }, vary: vary.map { try FigureRange($0) }, checks: checks)
  }

  // MARK: - Questions

  @Test func `a question says what is asked`() throws {
    let (l2, latency) = (try MachineFigure(named: "l2"), try MachineFigure(named: "latency"))
    let bandwidth = try MachineFigure(named: "bandwidth")
    #expect(try ExplorationTarget("min l2 speedup>=4").question == .least(l2, .speedup, 4))
    #expect(
      try ExplorationTarget("max latency socket-tokens >= 1e6").question == .greatest(latency, .socketTokens, 1e6))
    #expect(try ExplorationTarget("pareto speedup l2 bandwidth").question == .pareto(.speedup, [l2, bandwidth]))
  }

  @Test(arguments: [
    ("", "expected 'min FIGURE MEASURE>=X'"), ("least l2 speedup>=4", "found 'least'"),
    ("min l22 speedup>=4", "did you mean 'l2'?"), ("min l2 speedup", "expected MEASURE>=X"),
    ("min l2 speedup>=-1", "a number above 0"), ("min l2 speed>=4", "expected a measure"),
    ("pareto speedup l2 l2", "each figure once"), ("pareto l2 speedup", "expected a"),
  ])
  func `a question that cannot be asked is one line`(text: String, expected: String) throws {
    let problem = #expect(throws: InputError.self) { try ExplorationTarget(text) }
    let line = try #require(problem).description
    #expect(line.hasPrefix("--target '\(text)': "))
    #expect(line.contains(expected), "\(line)")
    #expect(!line.contains("\n"))
  }

  @Test func `values are a list or a geometric series with exact ends`() throws {
    #expect(try FigureRange("l2=2MiB,1MiB").values == [1_048_576, 2_097_152])
    #expect(try FigureRange("bandwidth=100..800:4").values.map { $0.rounded() } == [100, 200, 400, 800])
    #expect(try FigureRange("l3=1MiB..8MiB").values.count == 25)
    for bad in ["l2", "l2=4MiB..1MiB", "l2=huge", "bandwidth=1..2:1", "l2=", "bandwidth=0..4"] {
      #expect(throws: InputError.self, "\(bad)") { try FigureRange(bad) }
    }
  }

  @Test func `what cannot be explored is refused before anything is profiled`() throws {
    #expect(throws: InputError.self) { try explored("min l2 speedup>=2", vary: ["l2=1MiB", "l2=2MiB"]) }
    #expect(throws: InputError.self) {
      try explored("pareto speedup l2", vary: ["bandwidth=1..1000:1000", "latency=50..500:1000"])
    }
    // Values that no machine can have, alone or with the base's other figures.
    for impossible in ["simd=1", "simd=300", "l2=63", "frequency=11", "cores=1.5", "l3-bandwidth=2000"] {
      #expect(throws: InputError.self, "\(impossible)") { try explored("min l3 speedup>=2", vary: [impossible]) }
    }
    var small = ExplorationTests.base
    small.caches.removeLast()
    #expect(throws: InputError.self) { try explored("min l3 speedup>=2", base: small) }
    small.frequencyGHz = nil
    #expect(throws: InputError.self) { try explored("min l2 speedup>=2", base: small) }
    // There is no dense baseline.
    let alone = ExplorationTests.tables.components(separatedBy: "  - name: dense")[0]
    #expect(throws: InputError.self) { try explored("min l2 speedup>=2", body: alone) }
  }

  // MARK: - Answers

  @Test func `the answer is the least value that reaches the threshold`() throws {
    // A threshold within the range of machines near the base, so that some reach it and some do not.
    let values = try explored("min l2 speedup>=0.001").thresholds[0].tried.compactMap { $0.speedup?.expected }
    let (low, high) = (try #require(values.min()), try #require(values.max()))
    #expect(high > 1.2 * low, "an L2 that matters")
    let threshold = (low + high) / 2
    let one = try explored("min l2 speedup>=\(threshold)").thresholds[0]
    let answer = try #require(one.value(one.answer))
    let l2 = try MachineFigure(named: "l2")
    for tried in one.tried {
      let value = try #require(tried.variant.value(l2))
      if value < answer { #expect(try #require(tried.speedup).expected < threshold) }
      if value == answer { #expect(try #require(tried.speedup).expected >= threshold) }
    }
    // The band's low end needs at least as much.
    if let cautious = one.value(one.cautious) { #expect(cautious >= answer) }
    #expect(
      one.holdsBeyond
        == one.tried.allSatisfy {
          ($0.variant.value(l2) ?? 0) < answer || ($0.speedup?.expected ?? 0) >= threshold
        })
    #expect(try explored("min l2 speedup>=1000").thresholds[0].answer == nil)
  }

  @Test func `the longest latency that still serves is asked from the other end`() throws {
    let one = try explored("max latency tokens>=1", vary: ["latency=50,100,200"]).thresholds[0]
    #expect(one.value(one.answer) == 200)
    #expect(one.isAtEdge)
  }

  @Test func `a question is asked again for every value of the other figures`() throws {
    let all = try explored("min l2 tokens>=1", vary: ["bandwidth=30,60", "l2=256KiB,512KiB"]).thresholds
    #expect(all.map { $0.others.map(\.value) } == [[30], [60]])
    #expect(all.allSatisfy { $0.tried.count == 2 })
  }

  @Test func `no machine tried beats one of the front`() throws {
    let exploration = try explored("pareto tokens l2 latency", vary: ["l2=64KiB..4MiB:9", "latency=60,120,240"])
    let front = exploration.fronts[0]
    // An L2 of 4 MiB fits below the L3 of 8.
    #expect(front.tried.count == 27)
    #expect(front.points.count >= 2)
    let (l2, latency) = (try MachineFigure(named: "l2"), try MachineFigure(named: "latency"))
    func costs(_ one: Exploration.Evaluation) -> [Double] {
      [one.variant.value(l2) ?? 0, -(one.variant.value(latency) ?? 0)]
    }
    for kept in front.points {
      for other in front.tried where zip(costs(other), costs(kept)).allSatisfy({ $0 <= $1 }) {
        #expect(other.tokensPerSecond.expected <= kept.tokensPerSecond.expected)
      }
    }
    for other in front.tried {
      #expect(
        front.points.contains { kept in
          kept.tokensPerSecond.expected >= other.tokensPerSecond.expected
            && zip(costs(kept), costs(other)).allSatisfy { $0 <= $1 }
        })
    }
  }

  // MARK: - Truth

  /// docs/reference/model.md states 10 % for a machine explored from a profile.
  @Test func `tokens per second from a profile are those of the exact simulation within ten per cent`() throws {
    for inclusion in [InclusionKind.nine, .victim] {
      var base = ExplorationTests.base
      base.caches[2].inclusion = inclusion
      let exploration = try explored(
        "pareto speedup l2 bandwidth l3", vary: ["l2=128KiB,512KiB,2MiB", "l3=4MiB,8MiB", "bandwidth=20,60"], checks: 6,
        base: base)
      let check = try #require(exploration.check)
      #expect(check.machines == 6)
      #expect(abs(check.worstError) < 0.10, "\(check.worst): \(check.worstError)")
      #expect(exploration.evaluations == 2 * exploration.fronts[0].tried.count)
    }
  }
}
