import GRDB
import Kernels

/// A strategy that was timed to choose one for a point: a row of tuning.csv.
public struct TuningRow: RunRow, Equatable, Sendable {
  public static let table = "tuning"

  public var pointID: String
  /// By rising estimate, from 1.
  public var rank: Int
  /// Candidates before pruning.
  public var considered: Int
  public var order: LookupStrategy.Order
  public var tokenTile: Int
  public var columnSliceColumns: Int?
  public var tableGroup: Int?
  public var prefetchRows: Int
  public var groupPrefetch: LookupStrategy.GroupPrefetch?
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

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case pointID = "point_id"
    case rank
    case considered
    case order
    case tokenTile = "token_tile"
    case columnSliceColumns = "column_slice_columns"
    case tableGroup = "table_group"
    case prefetchRows = "prefetch_rows"
    case groupPrefetch = "group_prefetch"
    case workingSetBytes = "working_set_bytes"
    case estimatedNanosecondsPerToken = "modelled_ns_per_token"
    case measuredNanosecondsPerToken = "measured_ns_per_token"
    case rounds
    case chosen
    case cached
    case reason
  }

  package init(
    pointID: String, rank: Int, considered: Int, order: LookupStrategy.Order, tokenTile: Int, columnSliceColumns: Int?,
    tableGroup: Int?, prefetchRows: Int, groupPrefetch: LookupStrategy.GroupPrefetch?, workingSetBytes: Double,
    estimatedNanosecondsPerToken: Double, measuredNanosecondsPerToken: Double?, rounds: Int, chosen: Bool, cached: Bool,
    reason: String?
  ) {
    self.pointID = pointID
    self.rank = rank
    self.considered = considered
    self.order = order
    self.tokenTile = tokenTile
    self.columnSliceColumns = columnSliceColumns
    self.tableGroup = tableGroup
    self.prefetchRows = prefetchRows
    self.groupPrefetch = groupPrefetch
    self.workingSetBytes = workingSetBytes
    self.estimatedNanosecondsPerToken = estimatedNanosecondsPerToken
    self.measuredNanosecondsPerToken = measuredNanosecondsPerToken
    self.rounds = rounds
    self.chosen = chosen
    self.cached = cached
    self.reason = reason
  }
}

extension TuningRow {
  /// The walk; extents that its order ignores are 1.
  public var strategy: LookupStrategy {
    LookupStrategy(
      order: order, tokenTile: tokenTile, columnSlice: columnSliceColumns ?? 1, tableGroup: tableGroup ?? 1,
      prefetchRows: prefetchRows, groupPrefetch: groupPrefetch)
  }
}
