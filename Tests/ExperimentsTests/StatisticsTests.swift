import Kernels
import Testing

@testable import Plans
@testable import Statistics

@Suite struct StatisticsTests {
  @Test func `median, quartiles and deviation of known samples`() throws {
    let statistics = try #require(Statistics([5, 1, 4, 2, 3, 100]))
    #expect(statistics.count == 6)
    #expect(statistics.median == 3.5)
    #expect(statistics.minimum == 1)
    // Type-7 quartiles 2.25 and 4.75, as numpy.percentile gives.
    #expect(statistics.interquartileRange == 2.5)
    #expect(statistics.medianAbsoluteDeviation == 1.5)
    #expect(statistics.outliers == [false, false, false, false, false, true])
    #expect(Statistics([]) == nil)
  }

  @Test(arguments: [(6, 1), (9, 2), (10, 2), (20, 6), (25, 8), (30, 10), (50, 18), (100, 40)])
  func `the interval's rank agrees with the published table`(_ count: Int, _ rank: Int) {
    // Ranks of the 95 % interval of the median: Le Boudec 2010, table A.1.
    #expect(MedianInterval.rank(count: count) == rank)
  }

  @Test func `fewer than six samples have no 95 % interval`() {
    for count in 1...5 { #expect(MedianInterval.rank(count: count) == nil) }
  }

  @Test func `the rank is continuous where the approximation takes over`() throws {
    let exact = try #require(MedianInterval.rank(count: 1000))
    let approximate = try #require(MedianInterval.rank(count: 1001))
    #expect(abs(exact - approximate) <= 1)
  }

  @Test(arguments: [7, 15, 40]) func `the interval covers the median as often as it promises`(_ count: Int) throws {
    // Skewed data (the square of a uniform variable, median 0.25), 4,000 seeded experiments.
    var generator = RandomSource(seed: 42)
    var covered = 0
    let experiments = 4000
    for _ in 0..<experiments {
      let samples = (0..<count).map { _ -> Double in
        let uniform = Double(generator.next() >> 11) * 0x1p-53
        return uniform * uniform
      }
      let interval = try #require(MedianInterval(sorted: samples.sorted()))
      if interval.low <= 0.25 && 0.25 <= interval.high { covered += 1 }
    }
    // The nominal coverage lies between 95 % and 98.5 %; three standard errors of 4,000 trials are 1 %.
    #expect(Double(covered) / Double(experiments) > 0.94)
    #expect(Double(covered) / Double(experiments) < 0.995)
  }

  @Test func `equal samples have no outliers, and one disturbance among equal samples is flagged`() throws {
    #expect(try #require(Statistics([2, 2, 2, 2])).outlierCount == 0)
    let disturbed = [Double](repeating: 2, count: 30) + [9]
    #expect(try #require(Statistics(disturbed)).outlierCount == 1)
  }
}

@Suite struct StopRuleTests {
  private func measure(minSamples: Int = 10, minSeconds: Double = 0, maxSeconds: Double = 100) -> Measure {
    var measure = Measure()
    measure.minSamples = minSamples
    measure.minSeconds = minSeconds
    measure.maxSeconds = maxSeconds
    return measure
  }

  @Test func `equal samples stop at the least number of samples`() {
    var rule = StopRule(measure(minSamples: 12))
    while rule.add(nanoseconds: 1000) == nil {}
    #expect(rule.count == 12)
    #expect(rule.reason == .intervalWidth)
  }

  @Test func `a narrow interval waits for the least time`() {
    var rule = StopRule(measure(minSeconds: 0.5))
    while rule.add(nanoseconds: 1e7) == nil {}
    #expect(rule.count == 50)
  }

  @Test func `the time limit counts the way from one sample to the next`() {
    var rule = StopRule(measure(maxSeconds: 1))
    rule.add(nanoseconds: 1000, taking: 4e8)
    rule.add(nanoseconds: 1000, taking: 4e8)
    #expect(rule.reason == nil)
    #expect(rule.add(nanoseconds: 1000, taking: 4e8) == .maxSeconds)
  }

  @Test func `scattered samples stop at the time limit, which is recorded`() {
    var rule = StopRule(measure(maxSeconds: 1))
    var sign = 1.0
    while rule.add(nanoseconds: 1e7 * (1 + 0.5 * sign)) == nil { sign = -sign }
    #expect(rule.reason == .maxSeconds)
    #expect(rule.elapsedSeconds >= 1)
  }

  @Test func `one sample longer than the limit is enough`() {
    var rule = StopRule(measure(maxSeconds: 1))
    #expect(rule.add(nanoseconds: 2e9) == .maxSeconds)
  }
}
