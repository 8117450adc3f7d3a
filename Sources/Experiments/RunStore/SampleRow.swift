import GRDB

/// One timed pass over all tokens: a row of samples.csv.
public struct SampleRow: RunRow, Equatable, Sendable {
  public static let table = "samples"

  public var runID: String
  public var pointID: String
  /// The number of the process that took it, from 0.
  public var launch: Int
  /// The number within the point and launch, from 0.
  public var sample: Int
  /// The place in the order in which the run took its samples, from 0.
  public var orderIndex: Int
  /// Time since the start of the run.
  public var startNanoseconds: Int
  public var wallNanoseconds: Double
  /// Whether it is an outlier, see `Statistics.outliers`; outliers are never dropped.
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
