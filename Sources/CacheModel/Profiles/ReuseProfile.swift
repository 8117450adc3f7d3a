/// The reuse distances of an application: one pass over its stream gives the misses of LRU caches of every capacity.
public struct ReuseProfile: Equatable, Sendable {
  /// One phase of the workload. Distances reach back over phases, because caches keep their contents.
  public struct Phase: Equatable, Sendable {
    /// Line accesses, without non-temporal stores.
    public var lineAccesses: UInt64
    /// Line accesses that are stores.
    public var storeLines: UInt64
    public var nontemporalLines: UInt64
    /// Distances of all accesses.
    public var accesses: DistanceHistogram
    /// Distances of the first lines of gathers.
    public var gathers: DistanceHistogram
    /// For stores, the distances at which the line they write is clean (`StackDistances.Distance.sinceStore`), so that
    /// `misses` of this histogram is the number of write-backs.
    public var stores: DistanceHistogram
  }

  public var lineBytes: Int
  /// Distinct lines that one cache sees, over all phases.
  public var distinctLines: Int
  public var phases: [Phase]

  /// Distances of all accesses of all phases.
  public var accesses: DistanceHistogram { phases.reduce(DistanceHistogram()) { $0 + $1.accesses } }

  public var lineAccesses: UInt64 { phases.reduce(0) { $0 + $1.lineAccesses } }

  /// The miss-ratio curve: misses / accesses against the capacity of a fully associative LRU cache.
  public var curve: MissRatioCurve { MissRatioCurve(accesses) }

  /// The profile in few bins, for evaluating many machines: see `DistanceHistogram.coarsened`.
  public func coarsened(perOctave: Int = 64) -> ReuseProfile {
    var profile = self
    profile.phases = phases.map { phase in
      var phase = phase
      phase.accesses = phase.accesses.coarsened(perOctave: perOctave)
      phase.gathers = phase.gathers.coarsened(perOctave: perOctave)
      phase.stores = phase.stores.coarsened(perOctave: perOctave)
      return phase
    }
    return profile
  }
}
