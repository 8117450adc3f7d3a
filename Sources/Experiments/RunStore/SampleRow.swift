import GRDB

/// One timed pass over all tokens: a row of samples.csv.
public struct SampleRow: RunRow, Equatable, Sendable {
  public static let table = "samples"

  public var runID: String
  public var pointID: String
  /// The process that took it, from 0.
  public var launch: Int
  /// Within the point and launch, from 0.
  public var sample: Int
  /// Within the run, from 0: the order in which samples were really taken.
  public var orderIndex: Int
  /// Since the run began.
  public var startNanoseconds: Int
  public var wallNanoseconds: Double
  /// Flagged, never dropped: see `Statistics.outliers`.
  public var outlier: Bool

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case runID = "run_id"
    case pointID = "point_id"
    case launch
    case sample
    case orderIndex = "order_index"
    case startNanoseconds = "start_ns"
    case wallNanoseconds = "wall_ns"
    case outlier
  }

  public init(
    runID: String, pointID: String, launch: Int, sample: Int, orderIndex: Int, startNanoseconds: Int,
    wallNanoseconds: Double, outlier: Bool
  ) {
    self.runID = runID
    self.pointID = pointID
    self.launch = launch
    self.sample = sample
    self.orderIndex = orderIndex
    self.startNanoseconds = startNanoseconds
    self.wallNanoseconds = wallNanoseconds
    self.outlier = outlier
  }
}
