import Testing

@testable import Profiles

@Suite struct CurveInverseTests {
  /// 100 accesses: 40 at distance 9, 40 at distance 99, 20 cold: 1 up to 9 lines, 0.6 from 10 on, 0.2 from 100 on.
  private let curve = MissRatioCurve(
    DistanceHistogram(bins: [.init(distance: 9, count: 40), .init(distance: 99, count: 40)], cold: 20))

  @Test func `a ratio between two steps is a capacity between them`() throws {
    let half = try #require(curve.capacity(atMissRatio: 0.4))
    #expect(half.low == 10 && half.high == 100 && abs(half.expected - 55) < 1e-9)
  }

  @Test func `a ratio of a step holds up to the next`() throws {
    let step = try #require(curve.capacity(atMissRatio: 0.6))
    #expect(step.low == 10 && step.high == 100)
  }

  @Test func `first accesses alone, and more than all, are no capacity's`() {
    #expect(curve.capacity(atMissRatio: 0.1) == nil && curve.capacity(atMissRatio: 1.1) == nil)
    #expect(MissRatioCurve(DistanceHistogram()).capacity(atMissRatio: 0.5) == nil)
  }

  @Test func `the misses that a capacity has lead back to it`() throws {
    // Distances 0 to 999, each once: a fall by a thousandth a line.
    let fine = MissRatioCurve(DistanceHistogram(bins: (0..<1000).map { .init(distance: $0, count: 1) }))
    for lines in [17, 100, 640] {
      let found = try #require(fine.capacity(atMissRatio: fine.missRatio(lines: lines)))
      #expect(abs(found.expected - Double(lines)) <= 1, "\(lines): \(found)")
    }
  }
}
