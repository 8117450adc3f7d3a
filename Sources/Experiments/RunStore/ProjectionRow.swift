import GRDB

/// The model's estimate of one point on one machine: a row of projections.csv. Times are per token and thread.
public struct ProjectionRow: RunRow, Equatable, Sendable {
  public static let table = "projections"
  public static let storage = "modelled_projections"

  /// The name in a run of the machine that measures.
  public static let hostName = "host"

  public var runID: String
  public var pointID: String
  public var machine: String
  /// The expected rate.
  public var tokensPerSecond: Double
  public var lowTokensPerSecond: Double
  public var highTokensPerSecond: Double
  /// One of compute, L1, L2, L3, latency, memory and link.
  public var limiter: String
  /// The point's measured rate where the machine is the run's host; joined when the row is read.
  public var measuredTokensPerSecond: Double?
  public var computeNanoseconds: Double?
  public var l1Nanoseconds: Double?
  public var l2Nanoseconds: Double?
  public var l3Nanoseconds: Double?
  public var memoryNanoseconds: Double?
  public var latencyNanoseconds: Double?
  /// The cores of the socket, all of them busy in the rates below.
  public var socketCores: Int?
  public var socketTokensPerSecond: Double?
  public var socketLowTokensPerSecond: Double?
  public var socketHighTokensPerSecond: Double?
  public var socketLimiter: String?
  /// Modelled lines that cross into the second level, the third level and memory, in both directions.
  public var l2LinesPerToken: Double?
  public var l3LinesPerToken: Double?
  public var memoryLinesPerToken: Double?
  /// simulated, counted, corrected, widened: what the lines are.
  public var traffic: String
  /// The source of the lines over each boundary, in words.
  public var trafficSources: String?
  public var modelVersion: String

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case runID = "run_id"
    case pointID = "point_id"
    case machine
    case tokensPerSecond = "tokens_per_s"
    case lowTokensPerSecond = "low_tokens_per_s"
    case highTokensPerSecond = "high_tokens_per_s"
    case limiter
    case measuredTokensPerSecond = "measured_tokens_per_s"
    case computeNanoseconds = "compute_ns"
    case l1Nanoseconds = "l1_ns"
    case l2Nanoseconds = "l2_ns"
    case l3Nanoseconds = "l3_ns"
    case memoryNanoseconds = "memory_ns"
    case latencyNanoseconds = "latency_ns"
    case socketCores = "socket_cores"
    case socketTokensPerSecond = "socket_tokens_per_s"
    case socketLowTokensPerSecond = "socket_low_tokens_per_s"
    case socketHighTokensPerSecond = "socket_high_tokens_per_s"
    case socketLimiter = "socket_limiter"
    case l2LinesPerToken = "l2_lines_per_token"
    case l3LinesPerToken = "l3_lines_per_token"
    case memoryLinesPerToken = "memory_lines_per_token"
    case traffic
    case trafficSources = "traffic_sources"
    case modelVersion = "model_version"
  }

  public init(
    runID: String, pointID: String, machine: String, tokensPerSecond: Double, lowTokensPerSecond: Double,
    highTokensPerSecond: Double, limiter: String, measuredTokensPerSecond: Double? = nil,
    computeNanoseconds: Double? = nil, l1Nanoseconds: Double? = nil, l2Nanoseconds: Double? = nil,
    l3Nanoseconds: Double? = nil, memoryNanoseconds: Double? = nil, latencyNanoseconds: Double? = nil,
    socketCores: Int? = nil,
    socketTokensPerSecond: Double? = nil,
    socketLowTokensPerSecond: Double? = nil,
    socketHighTokensPerSecond: Double? = nil,
    socketLimiter: String? = nil,
    l2LinesPerToken: Double? = nil,
    l3LinesPerToken: Double? = nil,
    memoryLinesPerToken: Double? = nil,
    traffic: String = "simulated",
    trafficSources: String? = nil,
    modelVersion: String
  ) {
    self.runID = runID
    self.pointID = pointID
    self.machine = machine
    self.tokensPerSecond = tokensPerSecond
    self.lowTokensPerSecond = lowTokensPerSecond
    self.highTokensPerSecond = highTokensPerSecond
    self.limiter = limiter
    self.measuredTokensPerSecond = measuredTokensPerSecond
    self.computeNanoseconds = computeNanoseconds
    self.l1Nanoseconds = l1Nanoseconds
    self.l2Nanoseconds = l2Nanoseconds
    self.l3Nanoseconds = l3Nanoseconds
    self.memoryNanoseconds = memoryNanoseconds
    self.latencyNanoseconds = latencyNanoseconds
    self.socketCores = socketCores
    self.socketTokensPerSecond = socketTokensPerSecond
    self.socketLowTokensPerSecond = socketLowTokensPerSecond
    self.socketHighTokensPerSecond = socketHighTokensPerSecond
    self.socketLimiter = socketLimiter
    self.l2LinesPerToken = l2LinesPerToken
    self.l3LinesPerToken = l3LinesPerToken
    self.memoryLinesPerToken = memoryLinesPerToken
    self.traffic = traffic
    self.trafficSources = trafficSources
    self.modelVersion = modelVersion
  }
}
