import Kernels
import RunStore

extension TuningRow {
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
