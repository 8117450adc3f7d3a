import GRDB

/// One event on one thread, or over one socket, during a point's counted pass: a row of counters.csv.
public struct CounterRow: RunRow, Equatable, Sendable {
  public static let table = "counters"

  public var runID: String
  public var pointID: String
  public var launch: Int
  /// Nil for a value over all threads or over a socket.
  public var thread: Int?
  /// The package whose PMU outside the cores counted, for every process on it; nil for an event of threads.
  public var socket: Int?
  /// The counter group that asked for the event.
  public var group: String
  /// The event's name in the group.
  public var event: String
  /// The event's full name in libpfm.
  public var canonicalEvent: String?
  /// libpfm, raw, generic, sysfs or software; valgrind, which counts the code and simulates caches; with synthetic and
  /// replay, nothing was counted in this run.
  public var source: String?
  /// The counter as read, before scaling.
  public var raw: Int?
  public var enabledNanoseconds: Int?
  public var runningNanoseconds: Int?
  /// Nil unless the event was counted.
  public var value: Double?
  /// One of exact, scaled, not_counted, unsupported, denied and suspect.
  public var quality: String
  public var reason: String?

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case runID = "run_id"
    case pointID = "point_id"
    case launch
    case thread
    case socket
    case group
    case event
    case canonicalEvent = "canonical_event"
    case source
    case raw
    case enabledNanoseconds = "enabled_ns"
    case runningNanoseconds = "running_ns"
    case value
    case quality
    case reason
  }

  public init(
    runID: String, pointID: String, launch: Int, thread: Int? = nil, socket: Int? = nil, group: String, event: String,
    canonicalEvent: String? = nil, source: String? = nil, raw: Int? = nil, enabledNanoseconds: Int? = nil,
    runningNanoseconds: Int? = nil, value: Double? = nil, quality: String, reason: String? = nil
  ) {
    self.runID = runID
    self.pointID = pointID
    self.launch = launch
    self.thread = thread
    self.socket = socket
    self.group = group
    self.event = event
    self.canonicalEvent = canonicalEvent
    self.source = source
    self.raw = raw
    self.enabledNanoseconds = enabledNanoseconds
    self.runningNanoseconds = runningNanoseconds
    self.value = value
    self.quality = quality
    self.reason = reason
  }
}
