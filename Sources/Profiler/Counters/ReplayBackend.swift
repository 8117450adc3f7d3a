import Support
import Synchronization

/// The counters of a recorded run behind the interface of real ones: every event gives its recorded counts, quality
/// and reason.
public final class ReplayBackend: CounterBackend {
  /// The record of an event on one worker or, for a system PMU, over one socket.
  public struct Recorded: Sendable {
    public var thread: Int?
    public var socket: Int?
    public var reading: CounterReading

    public init(thread: Int?, socket: Int?, reading: CounterReading) {
      self.thread = thread
      self.socket = socket
      self.reading = reading
    }
  }

  private struct Key: Hashable {
    var event: String
    var target: CounterTarget
  }

  private struct Counter {
    var leader: Int32
    var counts: CounterCounts
    /// Each region advances the counter by the recorded count of one region.
    var regions: UInt64 = 0
  }

  public let origin: CounterOrigin?
  private let recorded: [Key: CounterReading]
  /// The sockets of each system PMU.
  private let sockets: [String: [Int]]
  private let counters = Mutex<[Int32: Counter]>([:])

  /// - Parameter origin: `synthetic` where the recorded counts were synthetic; a recording does not make them
  ///   measured.
  public init(_ recorded: [Recorded], origin: CounterOrigin = .replay) {
    self.origin = origin
    var readings: [Key: CounterReading] = [:]
    var sockets: [String: [Int]] = [:]
    for entry in recorded {
      if let pmu = SystemPMU.parts(of: entry.reading.event)?.pmu {
        // A PMU that the recorded machine lacked has no unit here either.
        guard let socket = entry.socket else { continue }
        if sockets[pmu]?.contains(socket) != true { sockets[pmu, default: []].append(socket) }
        readings[Key(event: entry.reading.event, target: .cpu(socket))] = entry.reading
      } else {
        readings[Key(event: entry.reading.event, target: .thread(entry.thread ?? 0))] = entry.reading
      }
    }
    self.recorded = readings
    self.sockets = sockets
  }

  /// One unit stands for all units of a socket, with the socket's number in place of a CPU's.
  public func units(of name: String) -> [SystemPMU.Unit] {
    (sockets[name] ?? []).map { SystemPMU.Unit(pmu: SystemPMU(recorded: name), cpu: $0, socket: $0) }
  }

  public func encode(_ name: String, privilege: PrivilegeLevels, cpuIsKnown: Bool) throws -> EncodedEvent {
    try encode(name)
  }

  public func encode(_ name: String, at unit: SystemPMU.Unit) throws -> EncodedEvent { try encode(name) }

  private func encode(_ name: String) throws -> EncodedEvent {
    guard let reading = recorded.first(where: { $0.key.event == name })?.value else {
      throw NotAvailable(key: name, "the recorded run did not count this event")
    }
    // Any type except that of software events, which a session encodes twice.
    return EncodedEvent(name: name, canonical: reading.canonical ?? name, type: .max, config: 0)
  }

  public func open(_ event: EncodedEvent, on target: CounterTarget, leader: Int32?) -> Result<Int32, CounterFailure> {
    guard let reading = recorded[Key(event: event.name, target: target)] else {
      return .failure(
        CounterFailure(
          code: 0, recorded: .init(quality: .unsupported, reason: "the recorded run has no such thread or socket")))
    }
    guard let raw = reading.raw, let enabled = reading.enabledNs, let running = reading.runningNs else {
      return .failure(
        CounterFailure(code: 0, recorded: .init(quality: reading.quality, reason: reading.reason ?? "no reason given")))
    }
    return counters.withLock { counters in
      let descriptor = (counters.keys.max() ?? 0) + 1
      counters[descriptor] = Counter(
        leader: leader ?? descriptor, counts: CounterCounts(raw: raw, enabledNs: enabled, runningNs: running))
      return .success(descriptor)
    }
  }

  public func enable(group leader: Int32) -> CounterFailure? { nil }

  public func disable(group leader: Int32) -> CounterFailure? {
    counters.withLock { counters in
      for (descriptor, counter) in counters where counter.leader == leader { counters[descriptor]?.regions += 1 }
    }
    return nil
  }

  public func read(group leader: Int32, members: Int) -> Result<[CounterCounts], CounterFailure> {
    counters.withLock { counters in
      let group = counters.filter { $0.value.leader == leader }.sorted { $0.key < $1.key }.map(\.value)
      return .success(
        group.map { counter in
          CounterCounts(
            raw: counter.counts.raw &* counter.regions, enabledNs: counter.counts.enabledNs &* counter.regions,
            runningNs: counter.counts.runningNs &* counter.regions)
        })
    }
  }

  public func close(_ descriptor: Int32) {
    counters.withLock { counters in counters[descriptor] = nil }
  }

  /// The recorded reading itself, which carries its quality and reason.
  public func finished(_ reading: CounterReading, on target: CounterTarget) -> CounterReading {
    guard let recorded = recorded[Key(event: reading.event, target: target)],
      (reading.value == nil) == (recorded.value == nil)
    else {
      return reading
    }
    return recorded
  }
}

extension SystemPMU {
  /// A recorded PMU, of which only the counts are known.
  init(recorded name: String) {
    self.init(name: name, type: .max, formats: [:], events: [:], cpus: [])
  }

  init(name: String, type: UInt32, formats: [String: BitField], events: [String: String], cpus: [Int]) {
    self.name = name
    self.type = type
    self.formats = formats
    self.events = events
    self.cpus = cpus
  }
}
