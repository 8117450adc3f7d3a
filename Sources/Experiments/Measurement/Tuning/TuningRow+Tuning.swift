import Kernels
import Plans
import RunStore

extension TuningRow {
  /// The rows of a point's tuning, by rank.
  static func rows(_ tuning: Tuning, _ candidates: [any Network], pointID: String, cached: Bool) -> [TuningRow] {
    tuning.candidates.enumerated().compactMap { index, candidate in
      candidates.first(by: candidate.strategy).map { network in
        TuningRow(
          Common(
            pointID: pointID, rank: index + 1, considered: tuning.considered,
            workingSetBytes: candidate.workingSetBytes.rounded(),
            estimatedNanosecondsPerToken: candidate.estimatedNanosecondsPerToken,
            measuredNanosecondsPerToken: candidate.measuredNanosecondsPerToken, rounds: candidate.rounds,
            chosen: candidate.strategy == tuning.strategy, cached: cached, reason: candidate.reason),
          candidate: network)
      }
    }
  }
}
