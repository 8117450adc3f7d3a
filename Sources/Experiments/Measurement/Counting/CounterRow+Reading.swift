import Profiler
import RunStore

extension CounterRow {
  /// The row of a reading of `group` on a thread or over a socket.
  init(
    _ reading: CounterReading, runID: String, pointID: String, launch: Int, thread: Int? = nil, socket: Int? = nil,
    group: CounterGroup, origin: CounterOrigin?
  ) {
    self.init(
      runID: runID, pointID: pointID, launch: launch, thread: thread, socket: socket, group: group.name,
      event: reading.event, canonicalEvent: reading.canonical,
      source: origin?.rawValue ?? Self.source(of: reading.event, in: group), raw: reading.raw.map { Int(clamping: $0) },
      enabledNanoseconds: reading.enabledNs.map { Int(clamping: $0) },
      runningNanoseconds: reading.runningNs.map { Int(clamping: $0) }, value: reading.value,
      quality: reading.quality.rawValue, reason: reading.reason)
  }

  /// The reading that the row records.
  package var reading: CounterReading {
    CounterReading(
      event: event, canonical: canonicalEvent, raw: raw.map { UInt64(clamping: $0) },
      enabledNs: enabledNanoseconds.map { UInt64(clamping: $0) },
      runningNs: runningNanoseconds.map { UInt64(clamping: $0) }, value: value,
      quality: CounterQuality(rawValue: quality) ?? .unsupported, reason: reason)
  }

  private static func source(of event: String, in group: CounterGroup) -> String {
    if group.scope == .socket { return "sysfs" }
    switch group.pmu {
    case "perf": return (try? EventEncoder.encode(event))?.isSoftware == true ? "software" : "generic"
    case "perf_raw": return "raw"
    default: return "libpfm"
    }
  }
}

extension ReplayBackend {
  /// Replays the counts that a run recorded for one point in one launch. Synthetic counts stay labelled as synthetic.
  public convenience init(_ rows: [CounterRow]) {
    let isSynthetic = rows.contains { $0.source == CounterOrigin.synthetic.rawValue }
    self.init(
      rows.map { Recorded(thread: $0.thread, socket: $0.socket, reading: $0.reading) },
      origin: isSynthetic ? .synthetic : .replay)
  }
}
