import Profiler

/// Reads the sentinel between points, keeps the readings, and says what to note at the point in between.
struct DriftRecorder {
  private let directory: RunDirectory
  private let time: RunTime
  private let sentinel: DriftSentinel
  private var watch: DriftWatch

  /// Takes the first readings, before the first point.
  init(_ directory: RunDirectory, _ time: RunTime, topology: Topology) throws {
    self.directory = directory
    self.time = time
    sentinel = try DriftSentinel(topology: topology)
    watch = DriftWatch(try directory.store.rows())
    let next = try directory.store.nextOrderIndex()
    if !watch.hasReference {
      let first = (0..<DriftWatch.referenceReadings).map { _ in (time.now, sentinel.read()) }
      watch.setReference(first.flatMap(\.1))
      for (start, readings) in first { try store(readings, start: start, nextOrderIndex: next) }
      _ = watch.note(first[first.count - 1].1)
    } else {
      _ = try read(nextOrderIndex: next)
    }
  }

  /// What to note at the point that ended just now.
  mutating func read(nextOrderIndex: Int) throws -> String? {
    let start = time.now
    let readings = sentinel.read()
    try store(readings, start: start, nextOrderIndex: nextOrderIndex)
    return watch.note(readings)
  }

  private func store(_ readings: [DriftSentinel.Reading], start: Int, nextOrderIndex: Int) throws {
    try directory.store.add(
      readings.map {
        SentinelRow(
          runID: directory.manifest.runID, orderIndex: nextOrderIndex, startNanoseconds: start,
          benchmark: $0.benchmark.rawValue, value: $0.value, unit: $0.benchmark.unit, n: $0.n,
          relative: watch.relative($0))
      })
  }
}
