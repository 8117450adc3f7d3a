import AccessStreams
import Simulation

/// The reuse profiles of a workload, one for each number of cores that can share a cache.
///
/// They are made once, in one pass over the stream; the `Traffic` of a machine then costs a sum over the profiles'
/// bins per level.
public struct WorkloadProfile: Sendable {
  public let threads: Int
  public let lineBytes: Int
  private let bySharing: [Int: ReuseProfile]

  /// Profiles `workload` for caches shared by each of `sharings` cores, in the steady state in which a benchmark repeats it:
  /// the workload runs once uncounted. Distances are coarsened to 1 part in 128.
  public init(_ workload: some Workload, sharings: [Int], lineBytes: Int = 64, sampling: Sampling = .all) throws {
    threads = workload.threads
    self.lineBytes = lineBytes
    let shares = Set(sharings.map { min($0, workload.threads) }).sorted()
    let profilers = try shares.map {
      try ReuseProfiler(lineBytes: lineBytes, cores: workload.threads, sharedBy: $0, sampling: sampling)
    }
    for pass in [false, true] {
      if pass { for profiler in profilers { profiler.resetCounts() } }
      let stream = AccessStream(sink: FanOut(profilers))
      workload.emit(to: stream)
      stream.flush()
    }
    bySharing = Dictionary(uniqueKeysWithValues: zip(shares, profilers.map { $0.profile.coarsened() }))
  }

  /// The profile of caches shared by `cores` cores; nil where it was not made.
  public func profile(sharedBy cores: Int) -> ReuseProfile? { bySharing[min(cores, threads)] }
}
