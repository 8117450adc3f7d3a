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
}

extension TuningRow {
  /// The walk; extents that its order ignores are 1.
  public var strategy: LookupStrategy {
    LookupStrategy(
      order: order, tokenTile: tokenTile, columnSlice: columnSliceColumns ?? 1, tableGroup: tableGroup ?? 1,
      prefetchRows: prefetchRows, groupPrefetch: groupPrefetch)
  }

  /// The rows of one point, by rank.
  public static func rows(_ tuning: Tuning, pointID: String, cached: Bool) -> [TuningRow] {
    tuning.candidates.enumerated().map { index, candidate in
      let strategy = candidate.strategy
      let isSliced = strategy.order == .sliced
      return TuningRow(
        pointID: pointID, rank: index + 1, considered: tuning.considered, order: strategy.order,
        tokenTile: strategy.tokenTile, columnSliceColumns: isSliced ? strategy.columnSlice : nil,
        tableGroup: isSliced ? strategy.tableGroup : nil, prefetchRows: strategy.prefetchRows,
        groupPrefetch: strategy.groupPrefetch, workingSetBytes: candidate.workingSetBytes.rounded(),
        estimatedNanosecondsPerToken: candidate.estimatedNanosecondsPerToken,
        measuredNanosecondsPerToken: candidate.measuredNanosecondsPerToken, rounds: candidate.rounds,
        chosen: strategy == tuning.strategy, cached: cached, reason: candidate.reason)
    }
  }
}
