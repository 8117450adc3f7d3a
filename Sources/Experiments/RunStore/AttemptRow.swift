import GRDB

/// One attempt at one launch of a point: a row of attempts.csv, in the order in which they ran.
public struct AttemptRow: RunRow, Equatable, Sendable {
  public static let table = "attempts"

  public enum Status: String, Codable, CaseIterable, Sendable {
    /// Under way, or the run was killed during it and continued with another attempt.
    case running
    case passed, failed, skipped
    /// The process crashed, hung or was killed.
    case died
    /// The run was interrupted.
    case interrupted
  }

  public var runID: String
  public var pointID: String
  /// The number of the point's process, from 0.
  public var launch: Int
  /// The number of the attempt at this launch, from 0.
  public var attempt: Int
  /// The place of the launch in the planned order, from 0.
  public var position: Int
  public var status: Status
  public var reason: String?
  /// Time since the start of the run.
  public var startNanoseconds: Int
  /// The place of the first sample in the run, see `SampleRow.orderIndex`; nil without samples.
  public var firstOrderIndex: Int?
  public var samples: Int?
  /// Time from the start of the process to its end.
  public var seconds: Double?
  /// The part of it spent outside the point: starting the process, and passing request and report.
  public var overheadSeconds: Double?

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case runID = "run_id"
    case pointID = "point_id"
    case launch
    case attempt
    case position
    case status
    case reason
    case startNanoseconds = "start_ns"
    case firstOrderIndex = "first_order_index"
    case samples
    case seconds = "wall_s"
    case overheadSeconds = "overhead_s"
  }

  public init(
    runID: String, pointID: String, launch: Int, attempt: Int, position: Int, status: Status, reason: String? = nil,
    startNanoseconds: Int, firstOrderIndex: Int? = nil, samples: Int? = nil, seconds: Double? = nil,
    overheadSeconds: Double? = nil
  ) {
    self.runID = runID
    self.pointID = pointID
    self.launch = launch
    self.attempt = attempt
    self.position = position
    self.status = status
    self.reason = reason
    self.startNanoseconds = startNanoseconds
    self.firstOrderIndex = firstOrderIndex
    self.samples = samples
    self.seconds = seconds
    self.overheadSeconds = overheadSeconds
  }
}
