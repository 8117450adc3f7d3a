import GRDB

/// A metric that a counter group derives from its events over one pass of a point: a row of metrics.csv.
public struct MetricRow: RunRow, Equatable, Sendable {
  public static let table = "metrics"

  public var runID: String
  public var pointID: String
  public var launch: Int
  /// Nil for the value over all threads, and for the value over all sockets.
  public var socket: Int?
  public var group: String
  public var metric: String
  public var unit: String
  /// Nil where an event that the formula needs has no value, or a suspect one.
  public var value: Double?
  /// The worst quality of the events that the formula needs.
  public var quality: String
  public var reason: String?
  /// The source of the events, as in counters.csv.
  public var source: String?
  public var formula: String

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case runID = "run_id"
    case pointID = "point_id"
    case launch
    case socket
    case group
    case metric
    case unit
    case value
    case quality
    case reason
    case source
    case formula
  }

  public init(
    runID: String, pointID: String, launch: Int, socket: Int? = nil, group: String, metric: String, unit: String,
    value: Double?, quality: String, reason: String? = nil, source: String? = nil, formula: String
  ) {
    self.runID = runID
    self.pointID = pointID
    self.launch = launch
    self.socket = socket
    self.group = group
    self.metric = metric
    self.unit = unit
    self.value = value
    self.quality = quality
    self.reason = reason
    self.source = source
    self.formula = formula
  }
}
