import GRDB

/// The time of one stage of a point with all threads working at once: the measured part of `stages`.
public struct StageTimeRow: RunRow, Equatable, Sendable {
  public static let table = "stage_times"

  public var pointID: String
  public var stage: String
  /// The mean over the threads: the median over the passes, and the pass that was fastest in this stage.
  public var measuredNanosecondsPerToken: Double
  public var fastestNanosecondsPerToken: Double?

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case pointID = "point_id"
    case stage
    case measuredNanosecondsPerToken = "measured_ns_per_token"
    case fastestNanosecondsPerToken = "fastest_ns_per_token"
  }

  public init(
    pointID: String, stage: String, measuredNanosecondsPerToken: Double, fastestNanosecondsPerToken: Double? = nil
  ) {
    self.pointID = pointID
    self.stage = stage
    self.measuredNanosecondsPerToken = measuredNanosecondsPerToken
    self.fastestNanosecondsPerToken = fastestNanosecondsPerToken
  }
}
