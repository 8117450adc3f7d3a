import GRDB

/// One attempt at one launch of a point: a row of attempts.csv, in the order in which they ran.
public struct AttemptRow: RunRow, Equatable, Sendable {
  public static let table = "attempts"

  public enum Status: String, Codable, CaseIterable, Sendable {
    /// Under way; or the run was killed while it was, and went on in another attempt.
    case running
    case passed, failed, skipped
    /// The process crashed, hung or was killed.
    case died
    /// The run was asked to end.
    case interrupted
  }

  public var runID: String
  public var pointID: String
  /// The process of the point, from 0.
  public var launch: Int
  /// Of the launch, from 0.
  public var attempt: Int
  /// Place of the launch in the planned order, from 0.
  public var position: Int
  public var status: Status
  public var reason: String?
  /// Since the run began.
  public var startNanoseconds: Int
  /// Of the first sample, see `SampleRow.orderIndex`; nil without samples.
  public var firstOrderIndex: Int?
  public var samples: Int?
  /// From the start of the process to its end.
  public var seconds: Double?
  /// The part of it that did not go into the point: starting the process, and handing over request and report.
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
