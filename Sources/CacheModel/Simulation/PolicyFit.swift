import AccessStreams
import Machines

/// Misses of a loop over a contiguous range of lines, in the steady state.
public struct CyclicSweep: Equatable, Sendable {
  /// Size of the range.
  public var bytes: Int
  /// Misses at the level over accesses to it.
  public var missRatio: Double

  public init(bytes: Int, missRatio: Double) {
    self.bytes = bytes
    self.missRatio = missRatio
  }
}

/// Which replacement policies explain the counted misses of cyclic sweeps through 0.5 to 2 times a cache's capacity.
///
/// Just above the capacity LRU misses always, and so do FIFO, tree-PLRU and SRRIP, since no line is used again before it
/// is displaced: a sweep does not tell these from each other. Random replacement keeps a part of the range. Each policy is
/// simulated on every sweep; those whose root mean square error of the miss ratio is the least, or as small within noise,
/// explain the counts.
public struct PolicyFit: Equatable, Sendable {
  public struct Candidate: Equatable, Sendable {
    public var policy: ReplacementKind
    /// Root mean square of the simulated less the counted miss ratios.
    public var error: Double
  }

  /// Differences of miss ratios below this are within what counts of one sweep vary by.
  private static let noise = 0.02
  /// Enough sets for the mean over them, few enough for a simulation to take milliseconds.
  private static let mostSets = 256
  /// Passes until SRRIP and random replacement are in a steady state, and passes that are counted.
  private static let passes = 8

  /// By rising error.
  public let candidates: [Candidate]

  /// The policies that explain the sweeps, the best first; empty where none does.
  public var policies: [ReplacementKind] {
    guard let best = candidates.first, best.error < 5 * Self.noise else { return [] }
    return candidates.filter { $0.error - best.error <= Self.noise }.map(\.policy)
  }

  /// Sizes of sweeps that tell policies apart: from half the capacity to twice, most of them just above it.
  public static func sizes(capacity: Int) -> [Int] {
    [0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2].map { Int(Double(capacity) * $0) }
  }

  /// Fits the sweeps of a cache with the geometry of `cache`, whatever its own policy. Policies that cannot order that
  /// many ways are left out. Throws `InputError` for a geometry that cannot be simulated.
  public init(
    _ sweeps: [CyclicSweep], of cache: CacheDescription, among policies: [ReplacementKind] = ReplacementKind.allCases
  ) throws {
    let possible = policies.filter { cache.ways <= $0.mostWays ?? .max }
    let fits = try possible.map { policy in
      var cache = cache
      cache.policy = policy
      let squares = try sweeps.map { sweep in
        let difference = try Self.missRatio(sweepOf: sweep.bytes, in: cache) - sweep.missRatio
        return difference * difference
      }
      return Candidate(policy: policy, error: (squares.reduce(0, +) / Double(max(1, sweeps.count))).squareRoot())
    }
    candidates = fits.sorted { $0.error < $1.error }
  }

  /// The miss ratio of a cyclic sweep through `bytes` in the steady state, by simulation.
  ///
  /// Every set sees a loop over its share of the lines, so that a part of the sets stands for all.
  public static func missRatio(sweepOf bytes: Int, in cache: CacheDescription) throws -> Double {
    let sets = min(cache.sets, mostSets)
    var part = cache
    part.sizeBytes = sets * cache.ways * cache.lineBytes
    part.sharedByCores = 1
    part.inclusion = .nine
    part.prefetcher = nil
    let lines = max(1, Int((Double(bytes) / Double(cache.sizeBytes) * Double(sets * cache.ways)).rounded()))
    let simulator = try CacheSimulator(caches: [part])
    for pass in 0..<(2 * passes) {
      if pass == passes { simulator.resetCounts() }
      let stream = AccessStream(sink: simulator)
      stream.enter(phase: 0)
      stream.read(0, bytes: lines * cache.lineBytes)
      stream.flush()
    }
    return Double(simulator.totalCounts.levels[0].misses) / Double(passes * lines)
  }
}
