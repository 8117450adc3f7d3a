import GRDB

/// How long one stage of a point took, all threads working at once: what a launch measures of `stages`.
public struct StageTimeRow: RunRow, Equatable, Sendable {
  public static let table = "stage_times"

  public var pointID: String
  public var stage: String
  /// The mean over the threads, as the median over the passes; and in the pass that was fastest in this stage.
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
