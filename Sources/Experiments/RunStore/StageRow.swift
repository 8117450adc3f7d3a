import GRDB

/// One stage of a point's kernel, with its FLOPs, its bytes and the model's traffic and time: a row of stages.csv.
public struct StageRow: RunRow, Equatable, Sendable {
  public static let table = "stages"
  public static let storage = "modelled_stages"

  public var pointID: String
  public var stage: String
  public var flopPerToken: Double?
  public var algorithmicBytesPerToken: Double?
  /// The part of the algorithmic bytes that are table rows.
  public var tableBytesPerToken: Double?
  /// Cache lines that the model moves between L1 and L2.
  public var modelledL2LinesPerToken: Double?
  /// Cache lines that the model moves between L2 and L3.
  public var modelledL3LinesPerToken: Double?
  /// Cache lines that the model moves between the last cache and memory.
  public var modelledMemoryLinesPerToken: Double?
  public var modelledNanosecondsPerToken: Double?
  /// Times of a stage that was timed on its own (see `StageTimeRow`); joined when the row is read.
  public var measuredNanosecondsPerToken: Double?
  public var fastestNanosecondsPerToken: Double?

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case pointID = "point_id"
    case stage
    case flopPerToken = "flop_per_token"
    case algorithmicBytesPerToken = "algorithmic_bytes_per_token"
    case tableBytesPerToken = "table_bytes_per_token"
    case modelledL2LinesPerToken = "modelled_l2_lines_per_token"
    case modelledL3LinesPerToken = "modelled_l3_lines_per_token"
    case modelledMemoryLinesPerToken = "modelled_memory_lines_per_token"
    case modelledNanosecondsPerToken = "modelled_ns_per_token"
    case measuredNanosecondsPerToken = "measured_ns_per_token"
    case fastestNanosecondsPerToken = "fastest_ns_per_token"
  }

  public init(
    pointID: String, stage: String, flopPerToken: Double? = nil, algorithmicBytesPerToken: Double? = nil,
    tableBytesPerToken: Double? = nil, modelledL2LinesPerToken: Double? = nil,
    modelledL3LinesPerToken: Double? = nil, modelledMemoryLinesPerToken: Double? = nil,
    modelledNanosecondsPerToken: Double? = nil, measuredNanosecondsPerToken: Double? = nil,
    fastestNanosecondsPerToken: Double? = nil
  ) {
    self.pointID = pointID
    self.stage = stage
    self.flopPerToken = flopPerToken
    self.algorithmicBytesPerToken = algorithmicBytesPerToken
    self.tableBytesPerToken = tableBytesPerToken
    self.modelledL2LinesPerToken = modelledL2LinesPerToken
    self.modelledL3LinesPerToken = modelledL3LinesPerToken
    self.modelledMemoryLinesPerToken = modelledMemoryLinesPerToken
    self.modelledNanosecondsPerToken = modelledNanosecondsPerToken
    self.measuredNanosecondsPerToken = measuredNanosecondsPerToken
    self.fastestNanosecondsPerToken = fastestNanosecondsPerToken
  }
}
