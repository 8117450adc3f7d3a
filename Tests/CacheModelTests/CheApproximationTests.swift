import Foundation
import Testing

@testable import CacheModel

/// Rows drawn independently, against the exact simulator.
@Suite struct CheApproximationTests {
  /// Steady-state miss ratio of an LRU cache of `capacity` rows.
  private func simulated(_ rows: [UInt64], capacity: Int) throws -> Double {
    let profiler = try ReuseProfiler()
    profiler.play(Array(rows.prefix(rows.count / 4)))
    profiler.resetCounts()
    profiler.play(Array(rows.suffix(from: rows.count / 4)))
    return profiler.profile.curve.missRatio(lines: capacity)
  }

  @Test(arguments: [16, 64, 128, 230, 250])
  func `uniform rows miss within one per cent of the simulation`(capacity: Int) throws {
    let rows = AccessPattern.random.lines(count: 200_000, span: 256)
    let predicted = CheApproximation.uniform(items: 256).missRatio(capacity: Double(capacity))
    #expect(abs(predicted - Double(256 - capacity) / 256) < 0.01, "of equals any \(capacity) are as good")
    #expect(try abs(predicted - simulated(rows, capacity: capacity)) < 0.01)
  }

  @Test(arguments: [4, 16, 64, 256, 700, 1000])
  func `zipf rows miss within one per cent of the simulation`(capacity: Int) throws {
    let rows = AccessPattern.zipf.lines(count: 300_000, span: 1024)
    let predicted = CheApproximation.zipf(items: 1024, exponent: 1).missRatio(capacity: Double(capacity))
    let exact = try simulated(rows, capacity: capacity)
    #expect(abs(predicted - exact) < 0.01, "\(capacity) rows: predicted \(predicted), simulated \(exact)")
  }

  @Test func `a cache that holds every item never misses, and none holds nothing`() {
    let che = CheApproximation(counts: [3, 0, 1, 0])
    #expect(che.missRatio(capacity: 2) == 0, "items that nobody asks for need no room")
    #expect(che.missRatio(capacity: 0) == 1)
    #expect(che.characteristicTime(capacity: 2) == nil)
  }
}
