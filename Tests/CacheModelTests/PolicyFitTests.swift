import Testing

@testable import Machines
@testable import Simulation

@Suite struct PolicyFitTests {
  /// 4 MiB of 16 ways.
  private let cache = CacheDescription(name: "L3", sizeBytes: 4 << 20, ways: 16)

  private func sweeps(_ policy: ReplacementKind, off: Double = 0) throws -> [CyclicSweep] {
    var simulated = cache
    simulated.policy = policy
    return try PolicyFit.sizes(capacity: cache.sizeBytes).enumerated().map { index, bytes in
      let ratio = try PolicyFit.missRatio(sweepOf: bytes, in: simulated)
      return CyclicSweep(bytes: bytes, missRatio: ratio + (index % 2 == 0 ? off : -off))
    }
  }

  @Test(
    arguments: [
      (.lru, [.lru, .fifo, .plru, .srrip]), (.plru, [.lru, .fifo, .plru, .srrip]),
      (.srrip, [.lru, .fifo, .plru, .srrip]), (.random, [.random]),
    ] as [(ReplacementKind, Set<ReplacementKind>)])
  func `counts that a policy made are explained by it, also where they are off by a hundredth`(
    policy: ReplacementKind, explained: Set<ReplacementKind>
  ) throws {
    for off in [0, 0.01] {
      let fit = try PolicyFit(sweeps(policy, off: off), of: cache)
      #expect(Set(fit.policies) == explained, "\(off): \(fit.candidates)")
    }
  }

  @Test func `a loop that fits misses nothing, and LRU misses all of one that is a way longer in every set`() throws {
    #expect(try PolicyFit.missRatio(sweepOf: 4 << 20, in: cache) == 0)
    #expect(try PolicyFit.missRatio(sweepOf: (4 << 20) / 16 * 17, in: cache) == 1)
  }

  @Test func `sweeps that fit tell nothing, and counts that no policy makes are not explained`() throws {
    let fitting = try PolicyFit([CyclicSweep(bytes: 1 << 20, missRatio: 0)], of: cache)
    #expect(Set(fitting.policies) == Set(ReplacementKind.allCases))
    #expect(try PolicyFit([CyclicSweep(bytes: 1 << 20, missRatio: 1)], of: cache).policies.isEmpty)
  }

  @Test func `a policy that cannot order the ways is left out`() throws {
    let wide = CacheDescription(name: "L3", sizeBytes: 65 * 64 * 64, ways: 65)
    #expect(try !PolicyFit([], of: wide).candidates.contains { $0.policy == .plru })
  }
}
