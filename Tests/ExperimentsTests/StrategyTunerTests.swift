import Kernels
import Machines
import PlanSupport
import Projection
import Simulation
import Support
import Testing

@testable import Measurement

/// A timer with times given by the test, which counts how often each strategy is timed.
final class ScriptedTimer: StrategyTimer {
  var refused: [LookupStrategy: String] = [:]
  let time: (LookupStrategy) -> Double
  private(set) var prepared: [LookupStrategy] = []
  private(set) var timed: [LookupStrategy] = []

  init(time: @escaping (LookupStrategy) -> Double) {
    self.time = time
  }

  func prepare(_ candidates: [any Network]) throws -> [Int: String] {
    prepared = candidates.compactMap(\.walk)
    var places: [Int: String] = [:]
    for (place, strategy) in prepared.enumerated() { places[place] = refused[strategy] }
    return places
  }

  func nanosecondsPerToken(_ place: Int) throws -> Double {
    timed.append(prepared[place])
    return time(prepared[place])
  }
}

extension Network {
  /// The strategy of a look-up.
  fileprivate var walk: LookupStrategy? { (self as? LookupNetwork)?.strategy }
}

extension LookupNetwork {
  func walking(_ strategy: LookupStrategy?) -> LookupNetwork {
    var network = self
    network.strategy = strategy
    return network
  }

  /// The strategies of its candidates.
  func walks(_ pass: Pass, secondLevelBytes: Int?) -> [LookupStrategy] {
    candidates(pass, secondLevelBytes: secondLevelBytes).compactMap(\.strategy)
  }
}

@Suite struct StrategyTunerTests {
  static let published = LookupNetwork(
    hidden: 512, output: 512, tables: 128, tableRows: 256, projection: .bh4, blockSize: 64)
  static let pass = Pass(tokens: 32_768, threads: 1, isa: .best)

  private static func pass(tokens: Int) -> Pass { Pass(tokens: tokens, threads: 1, isa: .best) }

  /// Tunes the published layer, and returns the chosen strategy.
  private func tune(
    _ tuner: StrategyTuner, _ timer: ScriptedTimer
  ) throws -> (tuning: Tuning, strategy: LookupStrategy?) {
    let all = Self.published.candidates(Self.pass, secondLevelBytes: tuner.secondLevelBytes)
    let tuning = try tuner.tune(all, Self.pass, timer: timer)
    return (tuning, all.first { $0.strategyValues == tuning.strategy }?.strategy)
  }

  /// The strategies of the published layer that are left after pruning for a pass.
  private func kept(
    _ pass: Pass = Self.pass, secondLevelBytes: Int? = nil, on machine: Machine
  ) throws -> [StrategyTuner.Entrant] {
    try StrategyTuner.pruned(
      Self.published.candidates(pass, secondLevelBytes: secondLevelBytes), pass, machine)
  }

  static func machine(_ l1: String, _ l2: String, _ l3: String, overlap: Bool = true) throws -> Machine {
    try Machine(
      text: """
        schema: lookahead/machine/1
        name: synthetic
        cores: 4
        frequency_ghz: 2
        simd: {isa: avx512, width_bits: 512, fma_units: 2}
        caches:
          - {name: L1, size: \(l1), ways: 8, line: 64, latency_cycles: 4, bytes_per_cycle: 128}
          - {name: L2, size: \(l2), ways: 8, line: 64, latency_cycles: 14, bytes_per_cycle: 32}
          - {name: L3, size: \(l3), ways: 16, line: 64, latency_cycles: 50, bytes_per_cycle: 8, shared_by: 4}
        transfers_overlap: \(overlap)
        memory: [{name: memory, peak_gbps: 20, idle_latency_ns: 100, lines_in_flight_per_core: 20}]
        """, file: "synthetic.yaml")
  }

  /// The machine of README's figures, as far as the estimate needs it.
  static func zen5() throws -> Machine { try MachineCatalogue.bundled().machine("zen5-vm-2core") }

  // MARK: - Candidates and estimates

  @Test func `every candidate is another walk, and the default comes first`() {
    for tokens in [1, 100, 4096, 32_768] {
      let all = Self.published.walks(Self.pass(tokens: tokens), secondLevelBytes: nil)
      #expect(Set(all).count == all.count)
      let standard = LookupStrategy.default(
        Self.published.shape, tableType: .fp32, tokens: tokens, secondLevelBytes: nil)
      #expect(all.first == standard.fitted(tokens: tokens, tables: 128, output: 512))
      #expect(all.allSatisfy { $0.tokenTile <= tokens && $0.columnSlice <= 512 && $0.tableGroup <= 128 })
    }
  }

  @Test func `a working set is the rows that a tile's tokens read of a group, in a slice`() throws {
    /// The working set in KiB.
    func workingSet(_ strategy: LookupStrategy) throws -> Double {
      try #require(Self.published.walking(strategy).estimate(Self.pass)).workingSetBytes / 1024
    }
    // 8 tables x 256 rows x 128 columns x 4 bytes: 8,192 tokens read every row.
    let standard = LookupStrategy(order: .sliced, tokenTile: 8192, columnSlice: 128, tableGroup: 8)
    #expect(try abs(workingSet(standard) - 1024) < 1e-6)
    // 256 tokens of 256 equally likely codes read 1 - 1/e of the rows.
    var few = standard
    few.tokenTile = 256
    #expect(try abs(workingSet(few) - 0.632 * 1024) < 1)
    #expect(try abs(workingSet(LookupStrategy(order: .table)) - 512) < 1e-6)
    #expect(try abs(workingSet(LookupStrategy(order: .token)) - 64 * 1024) < 1e-6)
  }

  @Test func `a group that leaves the second-level cache is estimated slower than one that fits`() throws {
    let machine = try Self.zen5()
    func estimate(_ columns: Int, _ group: Int) throws -> Double {
      let strategy = LookupStrategy(order: .sliced, tokenTile: 8192, columnSlice: columns, tableGroup: group)
      return try #require(Self.published.walking(strategy).estimate(Self.pass))
        .nanosecondsPerToken(Self.pass, on: machine)
    }
    #expect(try estimate(128, 8) < estimate(512, 32))
    #expect(try estimate(64, 8) < estimate(512, 32))
  }

  /// The exact simulation and the timing model as the truth: a machine that behaves as its file says.
  private func truth(_ pass: Pass, _ strategy: LookupStrategy, _ layer: LookupFFN, on machine: Machine) throws -> Double
  {
    let walked = try LookupFFN(layer, strategy: strategy, memory: HeapMemory())
    var random = RandomSource(seed: 4)
    let input = random.normals(pass.tokens * layer.inputWidth)
    let workload = try walked.workload(input: input, tokens: pass.tokens, threads: pass.threads)
    let projection = try Projection.project(
      workload, traffic: Traffic(simulating: workload, on: machine), on: machine)
    return 1e9 / projection.tokensPerSecond
  }

  @Test func `a bf16 projection is estimated on a machine without bf16 multiply-adds too, as in fp32`() throws {
    func time(_ type: HashType, on machine: Machine) throws -> Double {
      var network = Self.published.walking(LookupStrategy())
      network.projectionDtype = type == .fp32 ? nil : type
      return try #require(network.estimate(Self.pass)).nanosecondsPerToken(Self.pass, on: machine)
    }
    let without = try Self.machine("32KiB", "1MiB", "32MiB")
    #expect(try time(.bf16, on: without) == time(.fp32, on: without))
    let with = try MachineCatalogue.bundled().machine("epyc-9755")
    #expect(try time(.bf16, on: with) < time(.fp32, on: with))
  }

  @Test(arguments: [
    ("4KiB", "16KiB", "64KiB", true), ("4KiB", "32KiB", "1MiB", true), ("8KiB", "32KiB", "128KiB", false),
  ])
  func `pruning keeps the best that the simulated machine has`(l1: String, l2: String, l3: String, overlap: Bool) throws
  {
    let machine = try Self.machine(l1, l2, l3, overlap: overlap)
    // 128 KiB of tables, two tiles.
    let pass = Self.pass(tokens: 1024)
    let network = LookupNetwork(hidden: 16, output: 128, tables: 8, tableRows: 32, projection: .bh4, blockSize: 4)
    let layer = try LookupFFN(LookupFFNParameters.random(network.shape, seed: 9))
    let all = network.candidates(pass, secondLevelBytes: nil)
    let kept = try StrategyTuner.pruned(all, pass, machine).compactMap(\.network.walk)
    #expect(kept.count == StrategyTuner.kept && all.count > 3 * kept.count)
    var best = Double.infinity
    var bestKept = Double.infinity
    for strategy in all.compactMap(\.strategy) {
      let time = try truth(pass, strategy, layer, on: machine)
      best = min(best, time)
      if kept.contains(strategy) { bestKept = min(bestKept, time) }
    }
    // The estimate uses only sizes; the strategies that it prunes may be this much faster, no more.
    #expect(bestKept <= 1.05 * best)
  }

  // MARK: - Measuring

  @Test func `the fastest measured candidate is chosen, whatever the estimates say`() throws {
    let tuner = StrategyTuner(machine: try Self.zen5(), clock: { 0 })
    let kept = try kept(secondLevelBytes: 1 << 20, on: Self.zen5())
    let walks = kept.compactMap(\.network.walk)
    for favourite in walks {
      let timer = ScriptedTimer { $0 == favourite ? 1000 : 2000 }
      let (tuning, strategy) = try tune(tuner, timer)
      #expect(strategy == favourite)
      #expect(timer.prepared == walks)
      #expect(
        tuning.candidates.map(\.estimatedNanosecondsPerToken) == kept.map(\.candidate.estimatedNanosecondsPerToken))
      #expect(tuning.considered == Self.published.candidates(Self.pass, secondLevelBytes: 1 << 20).count)
    }
  }

  @Test func `the default is always timed, so that tuning never loses to not tuning`() throws {
    for machine in try [Self.machine("4KiB", "16KiB", "64KiB"), Self.machine("1MiB", "64MiB", "1GiB"), Self.zen5()] {
      let timer = ScriptedTimer { _ in 1 }
      _ = try tune(StrategyTuner(machine: machine, clock: { 0 }), timer)
      let standard = LookupStrategy.default(
        Self.published.shape, tableType: .fp32, tokens: 32_768, secondLevelBytes: machine.caches[1].sizeBytes)
      #expect(timer.prepared.contains(standard))
    }
  }

  @Test func `of a batch of few tokens every walk is timed`() throws {
    for tokens in [1, 8, 64] {
      let kept = try kept(Self.pass(tokens: tokens), on: Self.zen5()).compactMap(\.network.walk)
      for order in LookupStrategy.Order.allCases { #expect(kept.contains { $0.order == order }) }
      #expect(kept.contains { $0.order == .token && $0.prefetchRows == 8 })
      #expect(Set(kept.filter { $0.order == .sliced }.map(\.columnSlice)) == [32, 64, 128, 256, 512])
    }
  }

  @Test func `equal times keep the default, the same on every run`() throws {
    let tuner = StrategyTuner(machine: try Self.zen5(), clock: { 0 })
    let first = try tune(tuner, ScriptedTimer { _ in 3 })
    let second = try tune(tuner, ScriptedTimer { _ in 3 })
    #expect(first.tuning == second.tuning)
    #expect(first.strategy == Self.published.walks(Self.pass, secondLevelBytes: tuner.secondLevelBytes).first)
  }

  @Test func `after two rounds only the faster half and the default go on`() throws {
    let tuner = StrategyTuner(machine: try Self.zen5(), clock: { 0 })
    let probe = ScriptedTimer { _ in 1 }
    _ = try tune(tuner, probe)
    let order = probe.prepared
    let standard = Self.published.candidates(Self.pass, secondLevelBytes: tuner.secondLevelBytes).first?.strategyValues
    // The later a candidate in the list, the faster.
    let timer = ScriptedTimer { 100 - Double(order.firstIndex(of: $0) ?? 0) }
    let (tuning, strategy) = try tune(tuner, timer)
    for (index, candidate) in tuning.candidates.enumerated() {
      #expect(candidate.rounds == (index >= 4 || candidate.strategy == standard ? 11 : 2))
    }
    #expect(strategy == order.last)
    // Candidates take turns: none is timed twice before every other one was timed once.
    #expect(Array(timer.timed.prefix(8)) == order)
    #expect(Array(timer.timed[8..<16]) == order)
  }

  @Test func `the probability of heads in throws of a coin`() {
    #expect(StrategyTuner.signTest(wins: 7, of: 7) == 1 / 128.0)
    #expect(StrategyTuner.signTest(wins: 6, of: 7) == 8 / 128.0)
    #expect(StrategyTuner.signTest(wins: 9, of: 11) == 67 / 2048.0)
    #expect(StrategyTuner.signTest(wins: 0, of: 5) == 1)
    #expect(StrategyTuner.signTest(wins: 0, of: 0) == 1)
  }

  /// A noisy machine: every sample is off by some percent, one in seven takes up to twice as long, and now and then
  /// everything slows down for a while.
  private struct Noise {
    var random: RandomSource
    var slow = 0

    mutating func factor() -> Double {
      if slow > 0 { slow -= 1 } else if Int.random(in: 0..<25, using: &random) == 0 { slow = 12 }
      var factor = 1 + 0.04 * Double(abs(random.normals(1)[0]))
      if Int.random(in: 0..<7, using: &random) == 0 { factor *= Double.random(in: 1...2, using: &random) }
      return slow > 0 ? factor * 1.4 : factor
    }
  }

  /// The true time of the chosen strategy over the default's on a noisy machine, for 200 tunings with true times from
  /// `draw`.
  private func ratiosUnderNoise(_ draw: (inout RandomSource, Int) -> Double) throws -> [Double] {
    let tuner = StrategyTuner(machine: try Self.zen5(), clock: { 0 })
    let all = Self.published.candidates(Self.pass, secondLevelBytes: tuner.secondLevelBytes)
    let entrants = try StrategyTuner.pruned(all, Self.pass, tuner.machine)
    return try (0..<200).map { seed in
      var noise = Noise(random: RandomSource(seed: UInt64(seed)))
      var times: [LookupStrategy: Double] = [:]
      for (index, strategy) in entrants.compactMap(\.network.walk).enumerated() {
        times[strategy] = strategy == all.first?.strategy ? 1 : draw(&noise.random, index)
      }
      let tuning = try tuner.choose(
        entrants, default: all.first, considered: all.count,
        timer: ScriptedTimer { (times[$0] ?? 1) * noise.factor() })
      return all.first { $0.strategyValues == tuning.strategy }?.strategy.flatMap { times[$0] } ?? 1
    }
  }

  @Test func `on a noisy machine a strategy that is slower by more than the noise is never chosen`() throws {
    let ratios = try ratiosUnderNoise { random, _ in Double.random(in: 1...1.5, using: &random) }
    #expect(ratios.allSatisfy { $0 <= 1.05 })
  }

  @Test func `on a noisy machine a strategy that is a quarter faster is nearly always found`() throws {
    let ratios = try ratiosUnderNoise { _, index in index == 3 ? 0.75 : 1.1 }
    #expect(ratios.filter { $0 < 1 }.count >= 180)
    #expect(ratios.allSatisfy { $0 <= 1 })
  }

  @Test func `one disturbed sample does not decide`() throws {
    let tuner = StrategyTuner(machine: try Self.zen5(), clock: { 0 })
    let probe = ScriptedTimer { _ in 1 }
    _ = try tune(tuner, probe)
    let best = probe.prepared[2]
    var seen = 0
    let timer = ScriptedTimer { strategy in
      guard strategy == best else { return 10 }
      seen += 1
      return seen == 4 ? 1000 : 9
    }
    #expect(try tune(tuner, timer).strategy == best)
  }

  @Test func `when time is up, the final still has the rounds in which it can tell`() throws {
    var seconds = 0.0
    let tuner = StrategyTuner(
      machine: try Self.zen5(),
      clock: {
        seconds += 10
        return seconds
      })
    let tuning = try tune(tuner, ScriptedTimer { _ in 1 }).tuning
    #expect(Set(tuning.candidates.map(\.rounds)) == [2, 7])
  }

  @Test func `a candidate that cannot be prepared keeps its reason and is never chosen`() throws {
    let tuner = StrategyTuner(machine: try Self.zen5(), clock: { 0 })
    let timer = ScriptedTimer { _ in 5 }
    _ = try tune(tuner, timer)
    let first = timer.prepared[0]
    timer.refused = [first: "no memory"]
    let (tuning, strategy) = try tune(tuner, timer)
    #expect(tuning.candidates.first?.reason == "no memory")
    #expect(tuning.candidates.first?.measuredNanosecondsPerToken == nil)
    #expect(strategy != first)

    timer.refused = Dictionary(timer.prepared.map { ($0, "no memory") }, uniquingKeysWith: { first, _ in first })
    #expect(throws: InputError.self) { try tune(tuner, timer) }
  }
}
