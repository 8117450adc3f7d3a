import Machines
import Testing

@testable import HostModel
@testable import Plans

@Suite struct CurveCleaningTests {
  @Test func `violators are pooled into their mean and nothing else moves`() {
    #expect(CurveCleaning.nonDecreasing([1, 2, 3]) == [1, 2, 3])
    #expect(CurveCleaning.nonDecreasing([1, 4, 2, 5]) == [1, 3, 3, 5])
    #expect(CurveCleaning.nonDecreasing([3, 2, 1]) == [2, 2, 2])
    #expect(CurveCleaning.nonDecreasing([]) == [])
  }

  @Test func `a lone outlier goes, a step stays`() {
    #expect(CurveCleaning.withoutLoneOutliers([1, 1, 9, 1, 1]) == [1, 1, 1, 1, 1])
    #expect(CurveCleaning.withoutLoneOutliers([1, 1, 5, 5]) == [1, 1, 5, 5])
    #expect(CurveCleaning.withoutLoneOutliers([7, 1]) == [7, 1])
  }
}

@Suite struct LinesInFlightTests {
  @Test func `Little's law turns rate and latency into lines`() {
    #expect(littleLines(gigabytesPerSecond: 20, nanoseconds: 100) == 31.25)
    #expect(littleLines(gigabytesPerSecond: 20, nanoseconds: 100, lineBytes: 128) == 15.625)
  }

  @Test func `chases add up until the core's buffers are full`() throws {
    // 24 buffers of a line each at 100 ns; more chains than that only wait.
    let rates = [1, 2, 4, 8, 12, 16, 24, 32, 64].map { (chains: $0, gigabytesPerSecond: Double(min($0, 24)) * 0.64) }
    let lines = try #require(LinesInFlight(rates.reversed()))
    #expect(abs(lines.latencyNanoseconds - 100) < 1e-9)
    #expect(abs(lines.most - 24) < 1e-9)
    #expect(lines.saturatingChains == 24)
    #expect(lines.points.map(\.chains) == rates.map(\.chains))
    #expect(abs(lines.points[3].lines - 8) < 1e-9)
  }

  @Test func `a burst of other load during one chain is not its latency`() throws {
    let lines = try #require(LinesInFlight([(1, 0.064), (2, 1.28), (4, 2.56), (8, 5.12), (16, 10.24), (32, 12.8)]))
    #expect(abs(lines.latencyNanoseconds - 100) < 1e-9)
    #expect(abs(lines.most - 20) < 1e-9)
  }

  @Test func `without the rate of one chain there is no latency and hence no lines`() {
    #expect(LinesInFlight([]) == nil)
    #expect(LinesInFlight([(2, 1)]) == nil)
    #expect(LinesInFlight([(1, 0), (2, 1)]) == nil)
  }
}

@Suite struct MeasuredLoadedLatencyTests {
  private typealias Point = LoadedLatencyCurve.Point

  private func points(_ pairs: [(Double, Double)]) -> [Point] {
    pairs.map { Point(gigabytesPerSecond: $0.0, nanoseconds: $0.1) }
  }

  /// The machine file's rules for a curve.
  private func isValid(_ curve: LoadedLatencyCurve) -> Bool {
    zip(curve.points, curve.points.dropFirst()).allSatisfy {
      $0.gigabytesPerSecond < $1.gigabytesPerSecond && $0.nanoseconds <= $1.nanoseconds
    }
  }

  @Test func `a clean curve begins idle and keeps its points`() throws {
    let curve = try #require(
      LoadedLatencyCurve(readRatio: 1, measured: points([(1, 101), (10, 110), (20, 150)]), idle: 100))
    #expect(curve.points == points([(0, 100), (1, 101), (10, 110), (20, 150)]))
  }

  @Test func `of points of equal latency the first and the last stay`() throws {
    let curve = try #require(
      LoadedLatencyCurve(readRatio: 1, measured: points([(1, 90), (2, 95), (3, 100), (9, 99), (20, 150)]), idle: 100))
    #expect(curve.points == points([(0, 100), (9, 100), (20, 150)]))
  }

  @Test func `beyond saturation, where bandwidth falls, the curve has ended`() throws {
    let curve = try #require(
      LoadedLatencyCurve(
        readRatio: 0.5, measured: points([(5, 105), (15, 130), (20, 200), (20.1, 300), (17, 400)]), idle: 100))
    #expect(curve.points.last?.gigabytesPerSecond == 20)
  }

  @Test(arguments: 1...20) func `noise leaves a valid curve near the true one`(seed: UInt64) throws {
    var generator = SplitMix(state: seed)
    let truth = { (bandwidth: Double) in 100 + 60 * (bandwidth / 25) * (bandwidth / 25) }
    var measured = points([1, 2, 4, 6, 9, 12, 15, 18, 21, 23, 24, 25].map { ($0, truth($0)) })
    for index in measured.indices {
      measured[index].gigabytesPerSecond *= 1 + 0.04 * (generator.unit() - 0.5)
      measured[index].nanoseconds *= 1 + 0.1 * (generator.unit() - 0.5)
    }
    measured[5].nanoseconds *= 4
    let curve = try #require(LoadedLatencyCurve(readRatio: 1, measured: measured, idle: 100))
    #expect(isValid(curve))
    for point in curve.points {
      #expect(abs(point.nanoseconds / truth(point.gigabytesPerSecond) - 1) < 0.15, "\(point)")
    }
  }

  @Test func `streams of all threads that carry more end the curve, by Little's law`() throws {
    let measured = points([(5, 105), (20, 120)])
    let more = try #require(
      LoadedLatencyCurve(readRatio: 1, measured: measured, idle: 100, most: 40, linesInFlight: 100))
    #expect(more.points.last == Point(gigabytesPerSecond: 40, nanoseconds: 160))
    // Lines that would arrive faster than the measured latency do not lower it.
    let few = try #require(LoadedLatencyCurve(readRatio: 1, measured: measured, idle: 100, most: 40, linesInFlight: 10))
    #expect(few.points.last == Point(gigabytesPerSecond: 40, nanoseconds: 120))
    let same = try #require(
      LoadedLatencyCurve(readRatio: 1, measured: measured, idle: 100, most: 20.3, linesInFlight: 99))
    #expect(same.points.last == measured.last)
    #expect(LoadedLatencyCurve(readRatio: 1, measured: [], idle: 100) == nil)
  }
}
