import AccessStreams
import Testing

@testable import Profiles

/// SHARDS is exact at rate 1 and close below it.
@Suite struct SamplingTests {
  private func curve(_ sampling: Sampling, _ lines: [UInt64]) throws -> MissRatioCurve {
    let profiler = try ReuseProfiler(sampling: sampling)
    profiler.play(lines)
    return profiler.profile.curve
  }

  private func meanError(_ curve: MissRatioCurve, against exact: MissRatioCurve, upTo most: Int) -> Double {
    let capacities = Array(stride(from: 1, through: most, by: max(1, most / 200)))
    return capacities.reduce(0) { $0 + abs(curve.missRatio(lines: $1) - exact.missRatio(lines: $1)) }
      / Double(capacities.count)
  }

  @Test(arguments: AccessPattern.allCases)
  func `a sample of everything is exact`(pattern: AccessPattern) throws {
    let lines = pattern.lines(count: 10_000, span: 700)
    let exact = try curve(.all, lines)
    #expect(try curve(.rate(1), lines) == exact)
    #expect(try curve(.lines(1000), lines) == exact, "fewer lines than the bound are all followed")
  }

  /// 20,000 lines at a rate of 0.1 leave 2,000 lines to follow. The bound on the mean error is 0.01, as in the paper.
  @Test(arguments: AccessPattern.allCases)
  func `a tenth of the lines gives the curve within one hundredth`(pattern: AccessPattern) throws {
    let lines = pattern.lines(count: 120_000, span: 20_000)
    let exact = try curve(.all, lines)
    #expect(try meanError(curve(.rate(0.1), lines), against: exact, upTo: 20_000) < 0.01)
    #expect(try meanError(curve(.lines(2000), lines), against: exact, upTo: 20_000) < 0.015)
  }

  @Test func `a bounded sample never follows more lines than it may`() throws {
    let heap = (0..<500 as Range<UInt64>).reduce(into: SampleHeap(most: 500)) { $0.add($1) }
    var copy = heap
    var last = UInt64.max
    while let hash = copy.largestHash {
      #expect(hash <= last, "the heap gives its lines by falling hash")
      last = hash
      _ = copy.removeLargest()
    }
    #expect(copy.count == 0)
  }

  @Test func `a sample that follows no line gives no ratio rather than 0 %`() throws {
    let profiler = try ReuseProfiler(sampling: .rate(1e-7))
    let stream = AccessStream(sink: profiler)
    for line in 0..<100 { stream.read(UInt64(line) * 64, bytes: 8) }
    stream.flush()
    #expect(profiler.profile.lineAccesses == 100)
    #expect(profiler.profile.curve.points.isEmpty)
  }

  @Test func `a rate outside of 0 to 1 is refused`() {
    #expect(
      message { _ = try ReuseProfiler(sampling: .rate(0)) }
        == "--sample: expected a rate above 0 and up to 1, found 0.0")
    #expect(
      message { _ = try ReuseProfiler(sampling: .rate(1.5)) }
        == "--sample: expected a rate above 0 and up to 1, found 1.5"
    )
    #expect(
      message { _ = try ReuseProfiler(lineBytes: 48) } == "--line: expected a power of two of 8 to 4096 bytes, found 48"
    )
  }
}
