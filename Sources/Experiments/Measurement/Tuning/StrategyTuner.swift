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
  /// (docs/reference/methods.md).
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
  ///
  /// `all` are the candidates, the default first.
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
    let usual = candidates.firstIndex { $0.strategy == standard?.strategyValues }
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

  /// A candidate that is to be timed.
  struct Entrant {
    var network: any Network
    var candidate: Tuning.Candidate
  }

  /// The candidates with the lowest estimates, one of each family, ascending; the first of `all`, which experiments use by
  /// default, is always among them. Ties keep the order of `all`.
  static func pruned(_ all: [any Network], _ pass: Pass, _ machine: Machine) throws -> [Entrant] {
    var tellsApart = true
    let estimated = try all.enumerated().compactMap { index, network in
      try network.estimate(pass).map { estimate in
        tellsApart = tellsApart && estimate.tellsApart
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
    // One of each family only: they would crowd out all others.
    var families: Set<String> = []
    let distinct = estimated.filter { families.insert($0.family).inserted }
    var best = tellsApart ? Array(distinct.prefix(kept)) : distinct
    if !best.isEmpty, !best.contains(where: { $0.index == 0 }), let standard = estimated.first(where: { $0.index == 0 })
    {
      best[best.count - 1] = standard
    }
    return best.map(\.entrant)
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
        times[index].append(try timer.nanosecondsPerToken(index))
        candidates[index].rounds = times[index].count
        candidates[index].measuredNanosecondsPerToken = Statistics(times[index])?.median
      }
    }
    return times
  }
}
