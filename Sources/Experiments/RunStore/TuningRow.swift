import GRDB
import Kernels

/// A strategy that was timed to choose one for a point: a row of tuning.csv. The columns of its network describe the
/// strategy.
@dynamicMemberLookup
public struct TuningRow: RunRow, Equatable, Sendable {
  public static let table = "tuning"

  public typealias CodingKeys = Common.CodingKeys

  public static let columns: [String] = CodingKeys.allCases.flatMap { key in
    key == .workingSetBytes ? Networks.strategyColumns.map(\.name) + [key.rawValue] : [key.rawValue]
  }

  private var common: Common
  /// The strategy in the columns of its network.
  public private(set) var figures: NetworkFigures

  public subscript<Value>(dynamicMember column: WritableKeyPath<Common, Value>) -> Value {
    get { common[keyPath: column] }
    set { common[keyPath: column] = newValue }
  }

  public init(from decoder: any Decoder) throws {
    common = try Common(from: decoder)
    figures = try NetworkFigures(Networks.strategyColumns, from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try common.encode(to: encoder)
    try figures.encode(Networks.strategyColumns, to: encoder)
  }

  /// `candidate` is the network with the strategy.
  package init(_ common: Common, candidate: any Network) {
    self.common = common
    figures = NetworkFigures(
      candidate.figures.filter { column, _ in Networks.strategyColumns.contains { $0.name == column } })
  }

  /// Columns that do not depend on the network.
  public struct Common: Codable, Equatable, Sendable {
    public var pointID: String
    /// The rank by estimated time, from 1.
    public var rank: Int
    /// The number of candidates before pruning.
    public var considered: Int
    /// Bytes that one step of the strategy keeps in use, by the model.
    public var workingSetBytes: Double
    /// The modelled time.
    public var estimatedNanosecondsPerToken: Double
    /// The median over the rounds.
    public var measuredNanosecondsPerToken: Double?
    public var rounds: Int
    public var chosen: Bool
    /// Whether the tuning comes from an earlier run through the user's cache.
    public var cached: Bool
    /// The reason why it could not be timed.
    public var reason: String?

    package init(
      pointID: String, rank: Int, considered: Int, workingSetBytes: Double, estimatedNanosecondsPerToken: Double,
      measuredNanosecondsPerToken: Double?, rounds: Int, chosen: Bool, cached: Bool, reason: String?
    ) {
      self.pointID = pointID
      self.rank = rank
      self.considered = considered
      self.workingSetBytes = workingSetBytes
      self.estimatedNanosecondsPerToken = estimatedNanosecondsPerToken
      self.measuredNanosecondsPerToken = measuredNanosecondsPerToken
      self.rounds = rounds
      self.chosen = chosen
      self.cached = cached
      self.reason = reason
    }

    public enum CodingKeys: String, CodingKey, CaseIterable {
      case pointID = "point_id"
      case rank
      case considered
      case workingSetBytes = "working_set_bytes"
      case estimatedNanosecondsPerToken = "modelled_ns_per_token"
      case measuredNanosecondsPerToken = "measured_ns_per_token"
      case rounds
      case chosen
      case cached
      case reason
    }
  }
}

extension TuningRow {
  /// The strategy, such as `sliced/4096/128x8`.
  public var strategyLabel: String { Networks.strategyLabel { figures[$0] } ?? "" }
}
