import Kernels
import Machines
import Profiler
import Statistics
import Support

/// Chooses a strategy: estimates all candidates on the machine's model, times the best of them in turns, and takes the fastest
/// where it is faster than the default beyond doubt.
struct StrategyTuner {
  let machine: Machine
  /// Seconds since some start; a test brings its own.
  var clock: () -> Double = { Double(Clock.now()) * 1e-9 }

  /// Candidates that are timed: few enough for some seconds, and more than any true best was down the list of estimates
  /// (docs/METHODS.md).
  static let kept = 8
  /// Rounds that every candidate takes part in: the second tells a slow candidate from a disturbed one.
  private static let roundsForAll = 2
  /// Rounds of the final, for the faster half (successive halving, Jamieson and Talwalkar 2016) and the default. With the first
  /// two they make seven at least, of which the sign test forgives one that was disturbed, whatever they take, and eleven at
  /// most, of which it forgives three.
  private static let fewestFinalRounds = 5
  private static let mostFinalRounds = 9
  /// No round beyond the fewest starts after this.
  private static let secondsOfRounds = 1.4
  /// Probability, were the default as fast, of so many rounds in which another walk looked faster, above which the default
  /// stays. To be wrong once in eight times about a walk that is no faster costs nothing; one that is slower by more than
  /// the noise wins far more rarely, since its fastest round must beat the default's too.
  private static let doubt = 0.125

  /// Throws where the machine lacks a figure, or no candidate can be timed.
  func tune(_ task: LookupTask, timer: any StrategyTimer) throws -> Tuning {
    let all = StrategyCandidates.all(task, secondLevelBytes: secondLevelBytes)
    return try choose(Self.pruned(all, task, machine), usual: all.first, considered: all.count, timer: timer)
  }

  /// Times `candidates` and chooses among them; `usual` is the default.
  func choose(
    _ candidates: [Tuning.Candidate], usual: LookupStrategy?, considered: Int, timer: any StrategyTimer
  ) throws -> Tuning {
    var candidates = candidates
    let refused = try timer.prepare(candidates.map(\.strategy))
    for index in candidates.indices { candidates[index].reason = refused[candidates[index].strategy] }
    let usual = candidates.firstIndex { $0.strategy == usual }
    let times = try measure(&candidates, timer, always: usual)
    guard let best = Self.best(candidates, times, usual: usual) else {
      throw InputError(
        key: "order",
        "expected at least one strategy that can be timed: \(candidates.compactMap(\.reason).first ?? "no candidates")")
    }
    return Tuning(strategy: candidates[best].strategy, candidates: candidates, considered: considered)
  }

  /// What the default of the machine's own runs goes by.
  var secondLevelBytes: Int? { machine.caches.count > 1 ? machine.caches[1].sizeBytes : nil }

  /// The candidate of the lowest median in the final, of equals the one with the lower estimate; the default, unless the
  /// times of the same rounds say beyond doubt that the other is faster. So tuning never loses to not tuning but by noise.
  private static func best(_ candidates: [Tuning.Candidate], _ times: [[Double]], usual: Int?) -> Int? {
    let timed = candidates.indices.filter { !times[$0].isEmpty }
    let final = timed.filter { times[$0].count > roundsForAll }
    let best = (final.isEmpty ? timed : final).min {
      (candidates[$0].measuredNanosecondsPerToken ?? .infinity)
        < (candidates[$1].measuredNanosecondsPerToken ?? .infinity)
    }
    guard let best, let usual, best != usual, !times[usual].isEmpty else { return best }
    let pairs = zip(times[best], times[usual])
    let wins = pairs.filter { $0 < $1 }.count
    // A neighbour can only slow a walk down, so that its fastest round is the nearest to the truth.
    guard let fastest = times[best].min(), let usualFastest = times[usual].min(), fastest < usualFastest else {
      return usual
    }
    return signTest(wins: wins, of: min(times[best].count, times[usual].count)) <= doubt ? best : usual
  }

  /// The probability of at least `wins` heads in `count` throws of a coin.
  static func signTest(wins: Int, of count: Int) -> Double {
    var ways = 1.0
    var sum = 0.0
    for k in 0...max(count, 0) {
      if k >= wins { sum += ways }
      ways = ways * Double(count - k) / Double(k + 1)
    }
    return sum / Double(sign: .plus, exponent: count, significand: 1)
  }

  /// The candidates with the lowest estimates, each walk in its best tile, ascending; the first of `all`, which experiments use by default, is always
  /// among them. Ties keep the order of `all`.
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

  /// Rounds over all candidates in turn, so that a disturbance meets all of them, and then over the faster half and the
  /// candidate at `always`. Returns every candidate's times, round by round.
  private func measure(
    _ candidates: inout [Tuning.Candidate], _ timer: any StrategyTimer, always: Int?
  ) throws -> [[Double]] {
    let start = clock()
    var times = [[Double]](repeating: [], count: candidates.count)
    var running = candidates.indices.filter { candidates[$0].reason == nil }
    for round in 0..<(Self.roundsForAll + Self.mostFinalRounds) {
      if round >= Self.roundsForAll + Self.fewestFinalRounds, clock() - start > Self.secondsOfRounds { break }
      if round == Self.roundsForAll {
        // By the faster of two: a neighbour can only slow a candidate down.
        let byTime = running.map { (times[$0].min() ?? .infinity, $0) }.sorted(by: <).map(\.1)
        let faster = byTime.prefix((byTime.count + 1) / 2)
        running = running.filter { faster.contains($0) || $0 == always }
      }
      for index in running {
        times[index].append(try timer.nanosecondsPerToken(candidates[index].strategy))
        candidates[index].rounds = times[index].count
        candidates[index].measuredNanosecondsPerToken = Statistics(times[index])?.median
      }
    }
    return times
  }
}
