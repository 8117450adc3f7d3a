import AccessStreams
import Testing

@testable import Profiles
@testable import Simulation

@Suite struct SetAssociativityTests {
  @Test func `one set is fully associative`() {
    let cache = SetAssociativity(sets: 1, ways: 8)
    #expect(cache.missProbability(distance: 7) == 0)
    #expect(cache.missProbability(distance: 8) == 1)
  }

  /// Direct-mapped: the line stays if none of the D lines fell into its set.
  @Test func `one way needs a single collision`() {
    let cache = SetAssociativity(sets: 4, ways: 1)
    #expect(abs(cache.missProbability(distance: 3) - (1 - 0.75 * 0.75 * 0.75)) < 1e-12)
  }

  /// Two ways, D = 3 lines, 2 sets: the line is gone if at least two of three lines fall into its set, 4 of 8 cases.
  @Test func `two ways need two collisions`() {
    #expect(abs(SetAssociativity(sets: 2, ways: 2).missProbability(distance: 3) - 0.5) < 1e-12)
  }

  @Test func `far more lines than the cache holds leave nothing, without underflow`() {
    #expect(SetAssociativity(sets: 64, ways: 8).missProbability(distance: 10_000_000) == 1)
  }

  private func missRatios(_ lines: [UInt64], _ associativity: SetAssociativity) throws -> (
    predicted: Double, simulated: Double
  ) {
    let profiler = try ReuseProfiler()
    profiler.play(lines)
    let simulator = try CacheSimulator(caches: [cache(sets: associativity.sets, ways: associativity.ways)])
    simulator.play(.read, lines: lines)
    let count = Double(lines.count)
    return (profiler.profile.accesses.misses(associativity) / count, Double(simulator.counts(0).misses) / count)
  }

  /// The lines lie at addresses that a hash has scattered.
  @Test(arguments: [(64, 8), (64, 2), (100, 12), (512, 1)])
  func `scattered lines miss as the binomial says`(sets: Int, ways: Int) throws {
    let lines = AccessPattern.random.lines(count: 60_000, span: sets * ways * 3 / 2).map(SpatialFilter.hash)
    let (predicted, simulated) = try missRatios(lines, SetAssociativity(sets: sets, ways: ways))
    #expect(abs(predicted - simulated) < 0.02, "predicted \(predicted), simulated \(simulated)")
  }

  @Test(arguments: [(64, 8), (64, 2), (100, 12), (512, 1)])
  func `contiguous lines miss as the hypergeometric distribution says`(sets: Int, ways: Int) throws {
    let span = sets * ways * 3 / 2
    let lines = AccessPattern.random.lines(count: 60_000, span: span)
    let (predicted, simulated) = try missRatios(
      lines, SetAssociativity(sets: sets, ways: ways, contiguousLines: span))
    #expect(abs(predicted - simulated) < 0.01, "predicted \(predicted), simulated \(simulated)")
  }

  @Test func `contiguous lines that fit never miss again`() {
    let cache = SetAssociativity(sets: 16, ways: 4, contiguousLines: 64)
    for distance in [4, 30, 63] { #expect(cache.missProbability(distance: distance) == 0) }
    #expect(SetAssociativity(sets: 16, ways: 4).missProbability(distance: 63) > 0.3)
  }
}
