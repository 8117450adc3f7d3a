/// How far a counter's value can be trusted.
public enum CounterQuality: String, Codable, CaseIterable, Sendable {
  /// The counter ran during the whole region.
  case exact
  /// The counter ran during a part of the region, because the kernel shared hardware counters (multiplexing); the
  /// value is extrapolated.
  case scaled
  /// The counter ran, but a kernel of known work has shown that this machine counts the event wrong.
  case suspect
  /// The counter was open but never got a hardware counter.
  case notCounted = "not_counted"
  /// This machine, or this libpfm, has no such event.
  case unsupported
  /// The kernel has the event and refused to open it.
  case denied
}

extension CounterQuality: Comparable {
  /// Ordered from trustworthy to missing, so that the worst of several is their maximum.
  public static func < (left: CounterQuality, right: CounterQuality) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}

/// One counter's reading over one region. A missing value is nil with a reason, never 0.
public struct CounterReading: Codable, Equatable, Sendable {
  /// The name as it was asked for.
  public var event: String
  /// libpfm's full name; nil where it does not know the event.
  public var canonical: String?
  public var raw: UInt64?
  /// Nanoseconds during which the counter was enabled.
  public var enabledNs: UInt64?
  /// Nanoseconds during which it was counting on hardware.
  public var runningNs: UInt64?
  /// `raw`; for a scaled counter raw x enabled / running.
  public var value: Double?
  public var quality: CounterQuality
  public var reason: String?

  public init(
    event: String, canonical: String? = nil, raw: UInt64? = nil, enabledNs: UInt64? = nil, runningNs: UInt64? = nil,
    value: Double? = nil, quality: CounterQuality, reason: String? = nil
  ) {
    self.event = event
    self.canonical = canonical
    self.raw = raw
    self.enabledNs = enabledNs
    self.runningNs = runningNs
    self.value = value
    self.quality = quality
    self.reason = reason
  }

  /// The reading of an open counter from its difference over the region.
  init(event: EncodedEvent, counts: CounterCounts, note: String?, multiplexing: Bool = false) {
    self.init(
      event: event.name, canonical: event.canonical, raw: counts.raw, enabledNs: counts.enabledNs,
      runningNs: counts.runningNs, quality: .exact, reason: note)
    if counts.runningNs == 0 {
      raw = nil
      quality = .notCounted
      reason =
        multiplexing
        ? "the counter never ran: the pass ended before its turn (a longer pass, or no multiplexing)"
        : "the counter never ran: the group may need more counters than the CPU has free"
          + (CounterFailure.watchdogIsOn() ? " (the NMI watchdog holds one: sudo sysctl kernel.nmi_watchdog=0)" : "")
    } else if counts.runningNs < counts.enabledNs {
      // In double: the 64-bit product of count and nanoseconds overflows within minutes.
      value = Double(counts.raw) * Double(counts.enabledNs) / Double(counts.runningNs)
      quality = .scaled
      let share = Int((100 * Double(counts.runningNs) / Double(counts.enabledNs)).rounded())
      reason = ["counted during \(share) % of the region", note].compactMap { $0 }.joined(separator: "; ")
    } else {
      value = Double(counts.raw)
    }
  }

  /// Writes null where a value is missing, so that every reading has the same keys.
  public func encode(to encoder: Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(event, forKey: .event)
    try container.encode(canonical, forKey: .canonical)
    try container.encode(raw, forKey: .raw)
    try container.encode(enabledNs, forKey: .enabledNs)
    try container.encode(runningNs, forKey: .runningNs)
    try container.encode(value, forKey: .value)
    try container.encode(quality, forKey: .quality)
    try container.encode(reason, forKey: .reason)
  }

  private enum CodingKeys: CodingKey {
    case event, canonical, raw, enabledNs, runningNs, value, quality, reason
  }

  /// Sums the readings of several threads or units, event by event; all must have asked for the same events.
  ///
  /// Where one part has no value, the total has none. Times are summed as well, so running / enabled remains the
  /// share of counted time.
  public static func total(over parts: [[CounterReading]]) -> [CounterReading] {
    guard let first = parts.first else { return [] }
    return first.indices.map { index in
      let parts = parts.compactMap { index < $0.count ? $0[index] : nil }
      let worst = parts.max { $0.quality < $1.quality } ?? first[index]
      return CounterReading(
        event: first[index].event, canonical: first[index].canonical,
        raw: sum(parts.map(\.raw)), enabledNs: sum(parts.map(\.enabledNs)), runningNs: sum(parts.map(\.runningNs)),
        value: parts.reduce(0) { total, part in total.flatMap { total in part.value.map { total + $0 } } },
        quality: worst.quality, reason: worst.reason)
    }
  }

  private static func sum(_ parts: [UInt64?]) -> UInt64? {
    parts.reduce(0) { total, part in total.flatMap { total in part.map { total &+ $0 } } }
  }
}

/// A counter's value and its times.
public struct CounterCounts: Equatable, Sendable {
  public var raw: UInt64
  public var enabledNs: UInt64
  public var runningNs: UInt64

  public init(raw: UInt64, enabledNs: UInt64, runningNs: UInt64) {
    self.raw = raw
    self.enabledNs = enabledNs
    self.runningNs = runningNs
  }

  static func - (end: CounterCounts, start: CounterCounts) -> CounterCounts {
    CounterCounts(
      raw: end.raw &- start.raw, enabledNs: end.enabledNs &- start.enabledNs,
      runningNs: end.runningNs &- start.runningNs)
  }
}
