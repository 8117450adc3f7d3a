import AccessStreams
import Foundation
import Testing

@testable import Machines
@testable import Simulation

/// Requests of prefetchers and their effect, in sequences worked out by hand.
@Suite struct PrefetcherTests {
  private func level(
    _ kind: PrefetcherKind, degree: Int = 1, latencyAccesses: Int = 0, sets: Int = 64, ways: Int = 4,
    policy: ReplacementKind = .lru
  ) -> CacheDescription {
    var level = cache(sets: sets, ways: ways, policy: policy)
    level.prefetcher = PrefetcherDescription(kind: kind, degree: degree, latencyAccesses: latencyAccesses)
    return level
  }

  @Test func `next-line fetches the following lines after a miss`() throws {
    let simulator = try CacheSimulator(caches: [level(.nextLine, degree: 2)])
    simulator.play(.read, 10)
    #expect(simulator.counts(0).prefetches == 2)
    #expect(simulator.totalCounts.memory.reads == 3, "10, 11, 12")
    simulator.play(.read, 12)
    #expect(simulator.counts(0).misses == 1 && simulator.counts(0).usefulPrefetches == 1)
  }

  /// Tagged: the first use of a prefetched line trains again, so one miss is enough for a whole sequence.
  @Test func `a sequence misses once under next-line`() throws {
    for policy in ReplacementKind.allCases {
      let simulator = try CacheSimulator(caches: [level(.nextLine, policy: policy)])
      simulator.play(.read, lines: Array(0..<100))
      let counts = simulator.counts(0)
      #expect(counts.misses == 1 && counts.hits == 99, "\(policy)")
      #expect(counts.prefetches == 100 && counts.usefulPrefetches == 99, "\(policy)")
      #expect(counts.reads == 100, "prefetches are no reads of their own level")
    }
  }

  @Test func `only the first use of a prefetched line is useful`() throws {
    let simulator = try CacheSimulator(caches: [level(.nextLine)])
    simulator.play(.read, 10, 11, 11, 11)
    #expect(simulator.counts(0).usefulPrefetches == 1)
  }

  @Test func `a store uses a prefetched line too, and makes it dirty`() throws {
    let simulator = try CacheSimulator(caches: [level(.nextLine, sets: 1, ways: 2)])
    simulator.play(.read, 10)
    simulator.play(.write, 11)
    #expect(simulator.counts(0).usefulPrefetches == 1 && simulator.counts(0).misses == 1)
    simulator.play(.read, 50)
    #expect(simulator.totalCounts.memory.writes == 1)
  }

  /// 0, 3: a step of 3 seen once. 6: seen twice, 9 and 12 are fetched. 9 and 12 hit and fetch 15, then 18.
  @Test func `stride fetches ahead once a step has been seen twice`() throws {
    let simulator = try CacheSimulator(caches: [level(.stride, degree: 2)])
    simulator.play(.read, 0, 3)
    #expect(simulator.counts(0).prefetches == 0)
    simulator.play(.read, 6)
    #expect(simulator.counts(0).prefetches == 2)
    simulator.play(.read, 9, 12)
    let counts = simulator.counts(0)
    #expect(counts.misses == 3 && counts.usefulPrefetches == 2 && counts.prefetches == 4)
  }

  @Test func `stride follows a falling sequence and stops at the page`() {
    var prefetcher = StridePrefetcher(degree: 4, lineBytes: 64)
    #expect(prefetcher.train(70) == nil)
    #expect(prefetcher.train(68) == nil)
    #expect(prefetcher.train(66) == PrefetchRequest(first: 64, stride: -2, count: 1), "line 62 is on the page before")
    #expect(prefetcher.train(64) == nil)
  }

  @Test func `stride follows interleaved streams apart`() throws {
    let simulator = try CacheSimulator(caches: [level(.stride)])
    let interleaved = (0..<40).flatMap { (line: UInt64) -> [UInt64] in [line, 64_000 + 2 * (line % 32)] }
    simulator.play(.read, lines: interleaved)
    #expect(simulator.counts(0).usefulPrefetches > 60)
  }

  @Test func `random lines leave a stride prefetcher silent`() throws {
    let simulator = try CacheSimulator(caches: [level(.stride)])
    simulator.play(.read, lines: AccessPattern.random.lines(count: 2000, span: 1 << 24))
    #expect(simulator.counts(0).prefetches < 10)
  }

  /// Line 11 is requested by the first access and needed by the second: one access later.
  @Test(arguments: [(0, 0 as UInt64), (1, 1), (5, 1)])
  func `a prefetch whose line is needed too early is late`(latency: Int, late: UInt64) throws {
    let simulator = try CacheSimulator(caches: [level(.nextLine, latencyAccesses: latency)])
    simulator.play(.read, 10, 11)
    #expect(simulator.counts(0).usefulPrefetches == 1)
    #expect(simulator.counts(0).latePrefetches == late)
  }

  @Test func `a prefetch that had time is not late`() throws {
    let simulator = try CacheSimulator(caches: [level(.nextLine, latencyAccesses: 3)])
    simulator.play(.read, 10, 10, 10, 10, 11)
    #expect(simulator.counts(0).usefulPrefetches == 1 && simulator.counts(0).latePrefetches == 0)
  }

  @Test func `the level below counts a prefetch as a read`() throws {
    let simulator = try CacheSimulator(caches: [level(.nextLine), cache("L2", sets: 64, ways: 8)])
    simulator.play(.read, 10)
    #expect(simulator.counts(1).reads == 2 && simulator.counts(1).misses == 2)
    #expect(simulator.counts(1).prefetches == 0)
  }

  /// L1 has one way. The victim level handed line 11 up dirty to a prefetch; when it is evicted, it must go back
  /// dirty.
  @Test func `a prefetch from a victim level keeps the line's dirtiness`() throws {
    let first = level(.nextLine, sets: 2, ways: 1)
    let simulator = try CacheSimulator(caches: [first, cache("L2", sets: 1, ways: 8, inclusion: .victim)])
    simulator.play(.write, 11)  // fetches 12
    simulator.play(.read, 13)  // 11 goes down dirty; fetches 14
    simulator.play(.read, 10)  // fetches 11 from the victim level
    simulator.play(.read, lines: (100..<120).map { $0 * 3 })
    #expect(simulator.totalCounts.memory.writes == 1)
  }

  @Test func `every core trains its own prefetcher`() throws {
    var shared = level(.stride)
    shared.sharedByCores = 2
    let simulator = try CacheSimulator(caches: [shared], cores: 2)
    simulator.play(.read, 0, 1, core: 0)
    simulator.play(.read, 2, core: 1)
    #expect(simulator.counts(0).prefetches == 0, "neither core has seen a step twice")
  }

  @Test func `a machine file names prefetchers, and writes them back`() throws {
    let text = """
      caches:
        - {name: L1, size: 32KiB, ways: 8, prefetcher: {kind: next-line}}
        - {name: L2, size: 1MiB, ways: 16, prefetcher: {kind: stride, degree: 4, latency_accesses: 20}}

      """
    let machine = try Machine(text: text, file: "m.yaml")
    #expect(machine.caches[0].prefetcher == PrefetcherDescription(kind: .nextLine))
    #expect(machine.caches[1].prefetcher == PrefetcherDescription(kind: .stride, degree: 4, latencyAccesses: 20))
    #expect(try Machine(text: machine.yaml(), file: "m.yaml") == machine)
    let wrong = text.replacingOccurrences(of: "next-line", with: "nextline")
    #expect(message { _ = try Machine(text: wrong, file: "m.yaml") }.contains("prefetcher.kind"))
  }
}
