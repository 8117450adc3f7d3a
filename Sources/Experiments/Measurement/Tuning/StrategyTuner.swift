import Kernels
import Machines
import Profiler
import Statistics
import Support

/// Chooses a strategy: estimates all candidates by the machine's model, times the best of them in turns, and takes
/// the fastest where it is significantly faster than the default.
struct StrategyTuner {
  let machine: Machine
  /// Seconds since an arbitrary start; tests replace it.
  var clock: () -> Double = { Double(Clock.now()) * 1e-9 }

  /// The number of candidates that are timed: few enough to take some seconds, and more than the rank of the fastest
  /// one among the estimates ever was (docs/reference/methods.md).
  static let kept = 8
  /// Rounds in which every candidate takes part: the second tells a slow candidate from a disturbed one.
  private static let roundsForAll = 2
  /// Rounds of the final, for the faster half (successive halving, Jamieson and Talwalkar 2016) and the default. With
  /// the first two there are at least seven, of which the sign test tolerates one disturbed round, and at most
  /// eleven, of which it tolerates three.
  private static let fewestFinalRounds = 5
  private static let mostFinalRounds = 9
  /// No round beyond the fewest starts after so many seconds.
  private static let secondsOfRounds = 1.4
  /// The significance level of the sign test: above this probability, under the hypothesis of equal speed, the
  /// default stays. A wrong choice once in eight times costs nothing where the other strategy is equally fast; one
  /// that is slower by more than noise is chosen far more rarely, since its fastest round must beat the default's
  /// too.
  private static let significanceLevel = 0.125

  /// Throws `InputError` where the machine lacks a figure, or no candidate can be timed.
  ///
  /// `all` holds the candidates, the default first.
  func tune(_ all: [any Network], _ pass: Pass, timer: any StrategyTimer) throws -> Tuning {
    try choose(Self.pruned(all, pass, machine), default: all.first, considered: all.count, timer: timer)
  }

  /// Times `entrants` and chooses among them.
  func choose(
    _ entrants: [Entrant], default standard: (any Network)?, considered: Int, timer: any StrategyTimer
  ) throws -> Tuning {
    var candidates = entrants.map(\.candidate)
    let refused = try timer.prepare(entrants.map(\.network))
    for index in candidates.indices { candidates[index].reason = refused[index] }
    let defaultIndex = candidates.firstIndex { $0.strategy == standard?.strategyValues }
    let times = try measure(&candidates, timer, always: defaultIndex)
    guard let best = Self.best(candidates, times, defaultIndex: defaultIndex) else {
      throw InputError(
        key: "order",
        "expected at least one strategy that can be timed: \(candidates.compactMap(\.reason).first ?? "no candidates")")
    }
    return Tuning(strategy: candidates[best].strategy, candidates: candidates, considered: considered)
  }

  /// The second cache level's capacity, on which the default strategy depends.
  var secondLevelBytes: Int? { machine.caches.count > 1 ? machine.caches[1].sizeBytes : nil }

  /// The candidate of the lowest median in the final, among equals the one with the lower estimate; but the default,
  /// unless the times of the same rounds show the other to be significantly faster. So tuning never loses to the
  /// default beyond noise.
  private static func best(_ candidates: [Tuning.Candidate], _ times: [[Double]], defaultIndex: Int?) -> Int? {
    let timed = candidates.indices.filter { !times[$0].isEmpty }
    let final = timed.filter { times[$0].count > roundsForAll }
    let best = (final.isEmpty ? timed : final).min {
      (candidates[$0].measuredNanosecondsPerToken ?? .infinity)
        < (candidates[$1].measuredNanosecondsPerToken ?? .infinity)
    }
    guard let best, let defaultIndex, best != defaultIndex, !times[defaultIndex].isEmpty else { return best }
    let pairs = zip(times[best], times[defaultIndex])
    let wins = pairs.filter { $0 < $1 }.count
    // Other load can only slow a strategy down, so that its fastest round is the nearest to the truth.
    guard let fastest = times[best].min(), let fastestDefault = times[defaultIndex].min(), fastest < fastestDefault
    else { return defaultIndex }
    let rounds = min(times[best].count, times[defaultIndex].count)
    return signTest(wins: wins, of: rounds) <= significanceLevel ? best : defaultIndex
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

  /// A candidate that will be timed.
  struct Entrant {
    var network: any Network
    var candidate: Tuning.Candidate
  }

  /// The candidates with the lowest estimates, one of each family, ascending. The first of `all`, the experiments'
  /// default, is always among them. Ties keep the order of `all`.
  static func pruned(_ all: [any Network], _ pass: Pass, _ machine: Machine) throws -> [Entrant] {
    var distinguishesStrategies = true
    let estimated = try all.enumerated().compactMap { index, network in
      try network.estimate(pass).map { estimate in
        distinguishesStrategies = distinguishesStrategies && estimate.distinguishesStrategies
        return (
          index: index, family: estimate.family,
          entrant: Entrant(
            network: network,
            candidate: Tuning.Candidate(
              strategy: network.strategyValues, workingSetBytes: estimate.workingSetBytes,
              estimatedNanosecondsPerToken: try estimate.nanosecondsPerToken(pass, on: machine), rounds: 0))
        )
      }
    }.sorted {
      ($0.entrant.candidate.estimatedNanosecondsPerToken, $0.index)
        < ($1.entrant.candidate.estimatedNanosecondsPerToken, $1.index)
    }
    // Without this limit, one family would crowd out all others.
    var families: Set<String> = []
    let distinct = estimated.filter { families.insert($0.family).inserted }
    var best = distinguishesStrategies ? Array(distinct.prefix(kept)) : distinct
    if !best.isEmpty, !best.contains(where: { $0.index == 0 }), let standard = estimated.first(where: { $0.index == 0 })
    {
      best[best.count - 1] = standard
    }
    return best.map(\.entrant)
  }

  /// Times rounds over all candidates in turn, so that a disturbance affects all of them, and then over the faster
  /// half and the candidate at `always`. Returns every candidate's times, round by round.
  private func measure(
    _ candidates: inout [Tuning.Candidate], _ timer: any StrategyTimer, always: Int?
  ) throws -> [[Double]] {
    let start = clock()
    var times = [[Double]](repeating: [], count: candidates.count)
    var running = candidates.indices.filter { candidates[$0].reason == nil }
    for round in 0..<(Self.roundsForAll + Self.mostFinalRounds) {
      if round >= Self.roundsForAll + Self.fewestFinalRounds, clock() - start > Self.secondsOfRounds { break }
      if round == Self.roundsForAll {
        // The faster of two rounds counts, since other load can only slow a candidate down.
        let byTime = running.map { (times[$0].min() ?? .infinity, $0) }.sorted(by: <).map(\.1)
        let faster = byTime.prefix((byTime.count + 1) / 2)
        running = running.filter { faster.contains($0) || $0 == always }
      }
      for index in running {
        times[index].append(try timer.nanosecondsPerToken(index))
        candidates[index].rounds = times[index].count
        candidates[index].measuredNanosecondsPerToken = Statistics(times[index])?.median
      }
    }
    return times
  }
}
