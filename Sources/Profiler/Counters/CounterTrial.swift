import Support

/// Whether this machine counts a group now: the group's events are opened and read around an empty region.
public struct CounterTrial: Equatable, Sendable {
  public var events: Int
  /// The number of events with a value.
  public var counted: Int
  /// Why the first event without a value has none; nil where all have one.
  public var reason: String?

  public init(_ group: CounterGroup, backend: any CounterBackend = LibPFMBackend(), root: String = "/") {
    guard !group.isValgrinds else {
      events = group.events.count
      // Counting takes a process of its own, and seconds: whether there is a valgrind has to do.
      do {
        _ = try Valgrind.installed()
        counted = events
      } catch {
        counted = 0
        reason = bareMessage(error)
      }
      return
    }
    let readings: [CounterReading]
    switch group.scope {
    case .thread: readings = CounterSession(group: group, backend: backend, root: root).measure {}.readings
    case .socket:
      let session = SocketCounterSession(group: group, backend: backend, root: root)
      session.start()
      session.stop()
      readings = session.readings().map(\.reading)
    }
    let missing = readings.first { $0.value == nil }
    let absent = Set(readings.filter { $0.value == nil }.map(\.event))
    events = group.events.count
    counted = group.events.count - absent.count
    reason = missing.map { $0.reason ?? "no reason given" }
  }
}
