import Profiler
import RunStore

/// Reads the sentinel between points and stores the readings.
struct DriftRecorder {
  private let directory: RunDirectory
  private let time: RunTime
  private let sentinel: DriftSentinel

  /// Takes the first reading, before the first point.
  init(_ directory: RunDirectory, _ time: RunTime, topology: Topology) throws {
    self.directory = directory
    self.time = time
    sentinel = try DriftSentinel(topology: topology)
    try read(nextOrderIndex: directory.store.nextOrderIndex())
  }

  /// Takes a reading before the sample with `nextOrderIndex`.
  func read(nextOrderIndex: Int) throws {
    let start = time.now
    try directory.store.add(
      sentinel.read().map {
        SentinelRow(
          runID: directory.manifest.runID, orderIndex: nextOrderIndex, startNanoseconds: start,
          benchmark: $0.benchmark.rawValue, value: $0.value, unit: $0.benchmark.unit, n: $0.n)
      })
  }
}
