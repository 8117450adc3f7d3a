import CacheModel
import InputFiles
import Kernels
import Profiler

/// Chooses a strategy: estimates all candidates on the machine's model, times the best of them in turns, takes the fastest.
struct StrategyTuner {
  let machine: Machine
  /// Seconds since some start; a test brings its own.
  var clock: () -> Double = { Double(Clock.now()) * 1e-9 }

  /// Candidates that are timed: few enough for two seconds, and more than any true best was down the list of estimates
  /// (docs/METHODS.md).
  static let kept = 8
  /// Rounds that every candidate takes part in, and rounds for the faster half: half the candidates are out after as many
  /// samples as tell 20 % apart, and those within the noise of each other get a median of more (successive halving,
  /// Jamieson and Talwalkar 2016).
  private static let roundsForAll = 2
  private static let roundsForFasterHalf = 5
  /// No further round starts after this; two seconds with the preparation of tables.
  private static let secondsOfRounds = 1.4

  /// Throws where the machine lacks a figure, or no candidate can be timed.
  func tune(_ task: LookupTask, timer: any StrategyTimer) throws -> Tuning {
    let all = StrategyCandidates.all(task)
    var candidates = try Self.pruned(all, task, machine)
    let refused = try timer.prepare(candidates.map(\.strategy))
    for index in candidates.indices { candidates[index].reason = refused[candidates[index].strategy] }
    try measure(&candidates, timer)
    let measured = candidates.filter { $0.measuredNanosecondsPerToken != nil }
    // Of equals the first, which has the lower estimate.
    guard
      let best = measured.min(by: {
        ($0.measuredNanosecondsPerToken ?? .infinity) < ($1.measuredNanosecondsPerToken ?? .infinity)
      })
    else {
      throw InputError(
        key: "order",
        "expected at least one strategy that can be timed: \(candidates.compactMap(\.reason).first ?? "no candidates")")
    }
    return Tuning(strategy: best.strategy, candidates: candidates, considered: all.count)
  }

  /// The candidates with the lowest estimates, each walk in its best tile, ascending; the first of `all`, which experiments use by default, is always
  /// among them, so that tuning never loses to not tuning. Ties keep the order of `all`.
  static func pruned(_ all: [LookupStrategy], _ task: LookupTask, _ machine: Machine) throws -> [Tuning.Candidate] {
    let estimated = try all.enumerated().map { index, strategy in
      let estimate = StrategyEstimate(task, strategy)
      return (
        index: index,
        candidate: Tuning.Candidate(
          strategy: strategy, workingSetBytes: estimate.workingSetBytes,
          estimatedNanosecondsPerToken: try estimate.nanosecondsPerToken(on: machine), rounds: 0)
      )
    }.sorted {
      ($0.candidate.estimatedNanosecondsPerToken, $0.index) < ($1.candidate.estimatedNanosecondsPerToken, $1.index)
    }
    // Of each walk the best tile only: tiles of one walk have nearly one estimate, and would crowd out all others.
    var walks: Set<LookupStrategy> = []
    let distinct = estimated.filter { entry in
      var walk = entry.candidate.strategy
      walk.tokenTile = 0
      return walks.insert(walk).inserted
    }
    // Batches with fewer tokens than a table has rows take little time, and an estimate of sizes hardly tells their few
    // walks apart: all are timed.
    let hasFewTokens = StrategyCandidates.share(of: task) < task.shape.tableRows
    var best = hasFewTokens ? distinct : Array(distinct.prefix(kept))
    if !best.contains(where: { $0.index == 0 }), let usual = estimated.first(where: { $0.index == 0 }) {
      best[best.count - 1] = usual
    }
    return best.map(\.candidate)
  }

  /// Rounds over all candidates in turn, so that a disturbance meets all of them, and then over the faster half.
  private func measure(_ candidates: inout [Tuning.Candidate], _ timer: any StrategyTimer) throws {
    let start = clock()
    var times = [[Double]](repeating: [], count: candidates.count)
    var running = candidates.indices.filter { candidates[$0].reason == nil }
    for round in 0..<(Self.roundsForAll + Self.roundsForFasterHalf) {
      // Two samples of each are the least: the second tells a slow candidate from a disturbed one.
      if round >= Self.roundsForAll, clock() - start > Self.secondsOfRounds { break }
      if round == Self.roundsForAll {
        let byTime = running.map { (candidates[$0].measuredNanosecondsPerToken ?? .infinity, $0) }.sorted(by: <)
        running = byTime.prefix((byTime.count + 1) / 2).map(\.1).sorted()
      }
      for index in running {
        times[index].append(try timer.nanosecondsPerToken(candidates[index].strategy))
        candidates[index].rounds = times[index].count
        candidates[index].measuredNanosecondsPerToken = Statistics(times[index])?.median
      }
    }
  }
}
