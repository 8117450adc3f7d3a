import Profiler
import Testing

@testable import Experiments

@Suite struct DriftWatchTests {
  private func reading(_ compute: Double, _ memory: Double) -> [DriftSentinel.Reading] {
    [
      DriftSentinel.Reading(benchmark: .compute, value: compute, n: 5),
      DriftSentinel.Reading(benchmark: .memory, value: memory, n: 5),
    ]
  }

  private func watch() -> DriftWatch {
    var watch = DriftWatch()
    // The middle one counts, whatever happened to one of them.
    watch.setReference(reading(100, 20) + reading(100, 20) + reading(40, 90))
    return watch
  }

  @Test func `a speed within the threshold is no drift`() {
    var watch = watch()
    #expect(watch.note(reading(100, 20)) == nil)
    #expect(watch.note(reading(91, 21.9)) == nil)
  }

  @Test func `a point beside a slow reading is flagged, before it or after it`() {
    var watch = watch()
    #expect(watch.note(reading(100, 20)) == nil)
    #expect(
      watch.note(reading(100, 17))
        == "the machine's speed moved beside this point: memory 100 % before and 85 % after (of the run's beginning)")
    #expect(watch.note(reading(100, 20))?.contains("memory 85 % before and 100 % after") == true)
    #expect(watch.note(reading(100, 20)) == nil)
  }

  @Test func `a machine that stays slow stays flagged, and a faster one is as suspect`() {
    var watch = watch()
    _ = watch.note(reading(80, 20))
    #expect(watch.note(reading(80, 20))?.contains("compute 80 % before and 80 % after") == true)
    #expect(watch.note(reading(115, 20))?.contains("compute 80 % before and 115 % after") == true)
  }

  @Test func `a run that goes on keeps the reference of its beginning`() {
    let rows = [100.0, 102, 98, 50, 50, 50].enumerated().map { index, value in
      SentinelRow(
        runID: "r", orderIndex: index, startNanoseconds: index, benchmark: "compute", value: value, unit: "GFLOP/s",
        n: 5,
        relative: 1)
    }
    let watch = DriftWatch(rows)
    #expect(watch.hasReference)
    #expect(watch.relative(DriftSentinel.Reading(benchmark: .compute, value: 50, n: 5)) == 0.5)
    #expect(!DriftWatch(Array(rows.prefix(2))).hasReference)
  }
}
