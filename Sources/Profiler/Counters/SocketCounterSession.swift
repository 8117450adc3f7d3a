import Support

/// Counters of the PMUs outside the cores over a region: the events of each socket, caused by any process on it.
///
/// They are opened wherever the PMU counts (each memory channel of each socket), which need not be where the work
/// runs, and may be started and stopped by any thread. Creating a session never fails: what cannot be counted gives
/// readings with the reason.
public final class SocketCounterSession: Sendable {
  /// A group's reading over one socket; the socket is nil where the machine has no such PMU.
  public struct SocketReading: Equatable, Sendable {
    public var socket: Int?
    public var reading: CounterReading
  }

  private let group: CounterGroup
  private let absence: String?
  private let sessions: [(socket: Int, session: CounterSession)]

  /// Opens the group's events at every unit of its PMU.
  public init(
    group: CounterGroup, multiplexing: Bool = false, backend: any CounterBackend = LibPFMBackend(), root: String = "/"
  ) {
    self.group = group
    let mismatch = group.mismatch(root: root)
    let units = mismatch == nil ? backend.units(of: group.pmu) : []
    absence =
      mismatch
      ?? (units.isEmpty
        ? "no PMU '\(group.pmu)' in /\(SystemPMU.directory): \(SystemPMU.advice(group.pmu))" : nil)
    sessions = units.map {
      ($0.socket, CounterSession(events: group.events, at: $0, multiplexing: multiplexing, backend: backend))
    }
  }

  /// Starts counting a region.
  public func start() { for (_, session) in sessions { session.start() } }

  /// Ends the region that `start` began.
  public func stop() { for (_, session) in sessions.reversed() { session.stop() } }

  /// The counts of the last region, socket by socket, in the order of the events: sums over the units of a socket,
  /// with the time of the region. The running time of a scaled sum is set so that raw x enabled / running is its
  /// value.
  public func readings() -> [SocketReading] {
    if let absence {
      return group.events.map {
        SocketReading(socket: nil, reading: CounterReading(event: $0, quality: .unsupported, reason: absence))
      }
    }
    return Dictionary(grouping: sessions, by: \.socket).sorted { $0.key < $1.key }.flatMap { socket, sessions in
      let units = sessions.map { $0.session.readings() }
      return CounterReading.total(over: units).enumerated().map { index, total in
        var reading = total
        reading.enabledNs = units.compactMap { $0[index].enabledNs }.max()
        reading.runningNs = reading.enabledNs
        if reading.quality == .scaled, let raw = total.raw, let value = total.value, value > 0,
          let enabled = reading.enabledNs
        {
          reading.runningNs = UInt64((Double(enabled) * Double(raw) / value).rounded())
        } else if reading.value == nil {
          (reading.enabledNs, reading.runningNs) = (nil, nil)
        }
        return SocketReading(socket: socket, reading: reading)
      }
    }
  }
}
