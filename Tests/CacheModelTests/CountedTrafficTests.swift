import Foundation
import Testing

@testable import AccessStreams
@testable import Machines
@testable import Projection
@testable import Simulation

/// Two phases whose lines are known: 1000 and 3000 lines from beyond L1, half of those from beyond L2, in each phase a tenth
/// from memory as random rows of one line.
private let simulated = Traffic(
  origin: .simulated, lineBytes: 64, levelNames: ["L1", "L2", "L3"],
  phases: [1, 3].map { (part: UInt64) in
    var levels = [LevelCounts(), LevelCounts(), LevelCounts()]
    levels[0].reads = 10_000 * part
    levels[0].readMisses = 1000 * part
    levels[1].reads = 1000 * part
    levels[1].readMisses = 500 * part
    levels[2].reads = 500 * part
    levels[2].readMisses = 100 * part
    return PhaseCounts(
      levels: levels, memory: MemoryCounts(reads: 100 * part, writes: 20 * part), accesses: 10_000 * part,
      gatherSources: [0, 0, 0, 100 * part])
  })

private func count(_ perToken: Double, leavesOut: String? = nil) -> CountedTraffic.Count {
  CountedTraffic.Count(perToken: perToken, quality: .exact, source: "group", leavesOut: leavesOut)
}

private func machine(l2: Int = 32_768, bandwidth: Double = 1) -> Machine {
  Machine(
    name: "test", cores: 4, frequencyGHz: 2,
    simd: VectorUnits(isa: "avx512", widthBits: 512, fmaUnits: 2, gemmEfficiency: 1),
    caches: [
      CacheDescription(name: "L1", sizeBytes: 4096, ways: 4, latencyCycles: 4, bytesPerCycle: 64),
      CacheDescription(name: "L2", sizeBytes: l2, ways: 8, latencyCycles: 16, bytesPerCycle: 32),
    ],
    transfersOverlap: true,
    memory: [
      MemoryDescription(
        name: "dram", peakGigabytesPerSecond: bandwidth, idleLatencyNanoseconds: 100,
        curve: [
          LoadedLatencyCurve(
            readRatio: 1,
            points: [
              .init(gigabytesPerSecond: 0, nanoseconds: 100), .init(gigabytesPerSecond: bandwidth, nanoseconds: 100),
            ])
        ], linesInFlightPerCore: 1000)
    ])
}

/// Reads 64 KiB in order, twice what the second level holds: every line comes from memory.
private struct Sweep: Workload {
  var tokens = 1024
  var threads = 1
  var phases = [PhaseWork(name: "sweep")]
  func emit(to stream: AccessStream) {
    stream.enter(phase: 0)
    for line in 0..<UInt64(1024) { stream.read(line * 64, bytes: 64) }
  }
}

@Suite struct CountedTrafficTests {
  @Test func `counted lines take the simulated ones' place level by level, and phases keep their shares`() throws {
    let counted = simulated.replacing(with: CountedTraffic(fills: [0: count(60)]), tokens: 100)
    #expect(counted.origin == .counted)
    // 6000 lines in place of 4000, one to three.
    #expect(counted.phases.map { $0.levels[0].misses } == [1500, 4500])
    #expect(counted.lines(over: .level(1)) == 2000 && counted.lines(over: .memory) == 400)
    #expect(counted.phases.map(\.memory) == simulated.phases.map(\.memory))
    #expect(
      counted.sources.map(\.text) == ["counted (exact)", "simulated", "simulated", "simulated"])
    #expect(counted.phases.allSatisfy { $0.levels.allSatisfy { $0.reads + $0.writes >= $0.misses } })
  }

  @Test func `memory's lines are memory's reads, and take the random rows with them`() {
    let counted = simulated.replacing(
      with: CountedTraffic(memoryReads: count(8), memoryWrites: count(1)), tokens: 100)
    // 800 lines read in place of 400; rows from memory are all of them, but no more than from beyond L2.
    #expect(counted.phases.map(\.memory.reads) == [200, 600])
    #expect(counted.phases.map(\.memory.writes) == [25, 75])
    #expect(counted.phases.map(\.gatherSources) == [[0, 0, 0, 100], [0, 0, 0, 300]])
    let fewer = simulated.replacing(with: CountedTraffic(memoryReads: count(1)), tokens: 100)
    // A quarter of the lines: three quarters of the rows are found in L3.
    #expect(fewer.phases.map(\.gatherSources) == [[0, 0, 75, 25], [0, 0, 225, 75]])
    #expect(fewer.phases.map(\.memory.reads) == [25, 75] && fewer.lines(over: .level(1)) == 2000)
  }

  @Test func `a count from beyond the last level stands for memory's reads where nothing counts those`() {
    let counted = simulated.replacing(with: CountedTraffic(fills: [2: count(2)]), tokens: 100)
    #expect(counted.lines(over: .memory) == 200 && counted.phases.map(\.memory.reads) == [50, 150])
    let both = CountedTraffic(fills: [2: count(2)], memoryReads: count(3))
    #expect(simulated.replacing(with: both, tokens: 100).lines(over: .memory) == 300)
  }

  @Test func `a lower bound replaces fewer lines and leaves more as they are, and says so`() {
    let counts = CountedTraffic(
      fills: [0: count(50, leavesOut: "prefetches"), 1: count(10, leavesOut: "prefetches")],
      memoryReads: count(2), memoryWrites: nil)
    let counted = simulated.replacing(with: counts, tokens: 100)
    #expect(counted.lines(over: .level(0)) == 5000 && counted.lines(over: .level(1)) == 2000)
    #expect(
      counted.sources.map(\.text) == [
        "counted (exact; at least)", "simulated (not below the counted)", "counted (exact)", "simulated",
      ])
    // A whole count goes before a bound, however large.
    let both = CountedTraffic(fills: [2: count(9, leavesOut: "some")], memoryReads: count(2))
    #expect(simulated.replacing(with: both, tokens: 100).lines(over: .memory) == 200)
  }

  @Test func `lines that the simulation does not know come where the boundary above has lines`() {
    var none = simulated
    for phase in none.phases.indices {
      none.phases[phase].levels[2].readMisses = 0
      none.phases[phase].memory = MemoryCounts()
      none.phases[phase].gatherSources = [0, 0, 100, 0]
    }
    let counted = none.replacing(with: CountedTraffic(memoryReads: count(4), memoryWrites: count(2)), tokens: 100)
    #expect(counted.phases.map(\.memory.reads) == [100, 300] && counted.phases.map(\.memory.writes) == [50, 150])
  }

  @Test func `the time of a projection that memory bounds is that of the counted lines`() throws {
    let (job, machine) = (Sweep(), machine())
    let source = SimulatedTraffic(job)
    // A line a token, 64 bytes at 1 GB/s: 64 ns.
    let plain = try Projection.project(job, traffic: source.requiredTraffic(on: machine), on: machine)
    #expect(abs(plain.tokensPerSecond * 64e-9 - 1) < 1e-6)
    let counts = CountedTraffic(memoryReads: count(1.5), memoryWrites: count(0.5))
    let counted = try CountedTrafficSource(source, counted: counts, tokens: job.tokens, on: machine)
    let projected = try Projection.project(job, traffic: counted.requiredTraffic(on: machine), on: machine)
    #expect(abs(projected.tokensPerSecond * 128e-9 - 1) < 1e-6)
  }

  @Test func `on other caches the ratio of counted to simulated lines goes with the simulation`() throws {
    let host = machine()
    let source = try KnownTraffic(SimulatedTraffic(Sweep()), on: host)
    let counted = try CountedTrafficSource(
      source, counted: CountedTraffic(memoryReads: count(1.5)), tokens: 1024, on: host)
    #expect(try counted.requiredTraffic(on: host).origin == .counted)
    let larger = try counted.requiredTraffic(on: machine(l2: 65_536))
    // Everything fits there, so that three halves of nothing are nothing.
    #expect(larger.lines(over: .memory) == 0 && larger.origin == .corrected)
    let smaller = try counted.requiredTraffic(on: machine(l2: 16_384))
    #expect(smaller.lines(over: .memory) == 1536)
  }

  @Test func `capacities move a projection through the source of its traffic`() throws {
    // 120 sets of 8 lines: 64 of them get 9 of the 1024 lines and miss all, 576 in all; twice 1024 were counted.
    let (job, host) = (Sweep(), machine(l2: 65_536 - 4096))
    let source = try CountedTrafficSource(
      SimulatedTraffic(job), counted: CountedTraffic(memoryReads: count(2)), tokens: job.tokens, on: host)
    let all = try Sensitivity.all(
      phases: job.phases, tokens: job.tokens, threads: 1, traffic: source.requiredTraffic(on: host), on: host,
      source: source)
    let size = try #require(all.first { $0.parameter == "caches[1].size" })
    // With a tenth less every line comes from memory, times the ratio of 2048 to 576; with a tenth more none does.
    #expect(abs(size.tokensPerSecondAtMinusTenth * 64e-9 * 2048 / 576 - 1) < 1e-3)
    #expect(size.tokensPerSecondAtPlusTenth > 4 * size.tokensPerSecondAtMinusTenth)
  }
}

@Suite struct TrafficRatiosTests {
  private func pair(_ perToken: Double, leavesOut: String? = nil) -> (simulated: Traffic, counted: Traffic) {
    let counts = CountedTraffic(memoryReads: count(perToken, leavesOut: leavesOut))
    return (simulated, simulated.replacing(with: counts, tokens: 100))
  }

  @Test func `the mean is geometric, and the spread over points is that of the logarithms`() throws {
    // 4 lines a token simulated; 8 and 32 counted: ratios 2 and 8, whose logarithms differ by 2 ln 2.
    let ratio = try #require(TrafficRatios([pair(8), pair(32)]).ratios[.memory])
    #expect(abs(ratio.mean - 4) < 1e-12 && ratio.points == 2)
    #expect(abs(ratio.spread - 2 * log(2) / 2.0.squareRoot()) < 1e-12)
    #expect(abs(ratio.low * ratio.high - 16) < 1e-9)
  }

  @Test func `one point spreads as far as it is off`() throws {
    let ratio = try #require(TrafficRatios([pair(8)]).ratios[.memory])
    #expect(ratio.mean == 2 && abs(ratio.spread - log(2)) < 1e-12)
  }

  @Test func `bounds and boundaries without lines have no ratio`() {
    #expect(TrafficRatios([pair(8, leavesOut: "some")]).isEmpty)
    #expect(TrafficRatios([pair(0)]).isEmpty)
    #expect(Set(TrafficRatios([pair(8)]).ratios.keys) == [.memory])
  }

  @Test func `ratios move a machine of the same kind, and a band of any other from what was simulated on`() {
    let ratios = TrafficRatios([pair(8), pair(32)])
    #expect(simulated.corrected(by: ratios).lines(over: .memory) == 1600)
    #expect(simulated.corrected(by: ratios).sources[2].text.hasPrefix("corrected (x 4.00, "))
    #expect(simulated.corrected(by: ratios).lines(over: .level(0)) == 4000)
    // The low end of the ratios is 1.14, above 1.
    #expect(simulated.widened(by: ratios, at: .low).lines(over: .memory) == 400)
    #expect(simulated.widened(by: ratios, at: .high).lines(over: .memory) > 1600)
  }
}
