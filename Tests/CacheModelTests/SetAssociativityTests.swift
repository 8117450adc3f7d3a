import Testing

@testable import CacheModel

@Suite struct SetAssociativityTests {
  @Test func `one set is fully associative`() {
    let cache = SetAssociativity(sets: 1, ways: 8)
    #expect(cache.missProbability(distance: 7) == 0)
    #expect(cache.missProbability(distance: 8) == 1)
  }

  /// Direct-mapped: the line stays if none of D lines fell into its set.
  @Test func `one way is a matter of a single collision`() {
    let cache = SetAssociativity(sets: 4, ways: 1)
    #expect(abs(cache.missProbability(distance: 3) - (1 - 0.75 * 0.75 * 0.75)) < 1e-12)
  }

  /// Two ways, D = 3 lines, 2 sets: gone if at least two of three coins fall on the set: 4 of 8.
  @Test func `two ways need two collisions`() {
    #expect(abs(SetAssociativity(sets: 2, ways: 2).missProbability(distance: 3) - 0.5) < 1e-12)
  }

  @Test func `far more lines than the cache holds leave nothing, without underflow`() {
    #expect(SetAssociativity(sets: 64, ways: 8).missProbability(distance: 10_000_000) == 1)
  }

  @Test(arguments: [(64, 8), (64, 2), (100, 12), (512, 1)])
  func `random lines miss as the binomial says`(sets: Int, ways: Int) throws {
    let lines = AccessPattern.random.lines(count: 200_000, span: sets * ways * 3 / 2)
    let profiler = try ReuseProfiler()
    profiler.play(lines)
    let simulator = try CacheSimulator(caches: [cache(sets: sets, ways: ways)])
    simulator.play(.read, lines: lines)
    let predicted = profiler.profile.accesses.misses(SetAssociativity(sets: sets, ways: ways)) / 200_000
    let simulated = Double(simulator.counts(0).misses) / 200_000
    #expect(abs(predicted - simulated) < 0.01, "predicted \(predicted), simulated \(simulated)")
  }
}
