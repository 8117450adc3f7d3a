import Testing

@testable import Measurement
@testable import RunStore

@Suite struct DriftWatchTests {
  /// Readings of both benchmarks, a second apart from 0.
  private func rows(_ compute: [Double], _ memory: [Double], run: String = "r") -> [SentinelRow] {
    func row(_ benchmark: String, _ index: Int, _ value: Double) -> SentinelRow {
      SentinelRow(
        runID: run, orderIndex: index, startNanoseconds: index * 1_000_000_000, benchmark: benchmark, value: value,
        unit: "", n: 5)
    }
    return compute.enumerated().map { row("compute", $0, $1) } + memory.enumerated().map { row("memory", $0, $1) }
  }

  /// A launch between the reading at second `second` and the next one.
  private func attempt(_ second: Int, launch: Int = 0, run: String = "r") -> AttemptRow {
    AttemptRow(
      runID: run, pointID: "p", launch: launch, attempt: 0, position: 0, status: .passed,
      startNanoseconds: second * 1_000_000_000 + 100_000_000, seconds: 0.8)
  }

  @Test func `a speed within the threshold is no drift`() {
    let watch = DriftWatch(rows([100, 91, 109, 100], [20, 20, 20, 20]))
    for second in 0..<3 { #expect(watch.note(attempt(second)) == nil) }
  }

  @Test func `a launch beside a slow reading is flagged, before it or after it`() {
    let watch = DriftWatch(rows([100, 100, 100, 100, 100], [20, 20, 17, 20, 20]))
    #expect(watch.note(attempt(0)) == nil)
    #expect(
      watch.note(attempt(1))
        == "the machine's speed moved beside launch 0: memory 100 % before and 85 % after (of the run's median)")
    #expect(watch.note(attempt(2, launch: 3))?.contains("launch 3: memory 85 % before and 100 % after") == true)
    #expect(watch.note(attempt(3)) == nil)
  }

  @Test func `a disturbed start flags the first launch and no other`() {
    let watch = DriftWatch(rows([40, 100, 100, 100, 100], [20, 20, 20, 20, 20]))
    #expect(watch.note(attempt(0))?.contains("compute 40 % before and 100 % after") == true)
    #expect((1..<4).allSatisfy { watch.note(attempt($0)) == nil })
  }

  @Test func `a machine that is slow for a while is flagged for as long, and a faster one too`() {
    let watch = DriftWatch(rows([100, 80, 80, 100, 100, 100, 130], [20, 20, 20, 20, 20, 20, 20]))
    #expect(watch.note(attempt(1))?.contains("compute 80 % before and 80 % after") == true)
    #expect(watch.note(attempt(5))?.contains("compute 100 % before and 130 % after") == true)
  }

  @Test func `runs that were merged are judged each by itself, and a reading that is missing is unknown`() {
    let watch = DriftWatch(rows([100, 100], [20, 20]) + rows([50, 50, 40], [10, 10, 10], run: "s"))
    #expect(watch.note(attempt(0)) == nil)
    #expect(watch.note(attempt(0, run: "s")) == nil)
    #expect(watch.note(attempt(2, run: "s"))?.contains("compute 80 % before and unknown after") == true)
    #expect(watch.note(attempt(0, run: "t")) == nil)
  }
}
