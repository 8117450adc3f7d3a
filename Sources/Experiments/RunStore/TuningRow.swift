import GRDB
import Kernels

/// A strategy that was timed to choose one for a point: a row of tuning.csv. How it walks is said in the columns of its network.
@dynamicMemberLookup
public struct TuningRow: RunRow, Equatable, Sendable {
  public static let table = "tuning"

  public typealias CodingKeys = Common.CodingKeys

  public static let columns: [String] = CodingKeys.allCases.flatMap { key in
    key == .workingSetBytes ? Networks.strategyColumns.map(\.name) + [key.rawValue] : [key.rawValue]
  }

  private var common: Common
  /// What the row says of the strategy.
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
    /// By rising estimate, from 1.
    public var rank: Int
    /// Candidates before pruning.
    public var considered: Int
    /// What a step keeps in use, by the model.
    public var workingSetBytes: Double
    /// Modelled.
    public var estimatedNanosecondsPerToken: Double
    /// Median over the rounds.
    public var measuredNanosecondsPerToken: Double?
    public var rounds: Int
    public var chosen: Bool
    /// Whether all of this comes from an earlier run, by way of the user's cache.
    public var cached: Bool
    /// Why it could not be timed.
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
