import Machines
import Simulation
import Synchronization

/// The traffic that a reuse profile predicts for each of many machines.
///
/// The misses of a cache depend only on its sets, ways and sharers, so they are computed once for all machines that
/// share these; most machines of a grid differ in something else. Safe to use from several threads.
public final class ProfiledTraffic: Sendable {
  public let profile: WorkloadProfile
  private let known = Mutex<[Geometry: [PhaseMisses]]>([:])

  private struct Geometry: Hashable {
    var sharers: Int
    var sets: Int
    var ways: Int
  }

  /// The misses of one phase in a cache, in lines.
  fileprivate struct PhaseMisses {
    var misses: Double
    var writebacks: Double
    /// First lines of gathers.
    var gathers: Double
  }

  public init(_ profile: WorkloadProfile) {
    self.profile = profile
  }

  /// The traffic on the machine's caches; nil if the profile lacks a sharing or has another line size.
  ///
  /// Every policy is treated as LRU, with the associativity correction for contiguous arrays. A victim level holds
  /// its own lines and those of the levels just above it; an inclusive level is treated as non-inclusive. In a steady
  /// state every fill displaces a line, so evictions equal misses. All misses count as read misses, and write-backs
  /// find their line below.
  public func traffic(on machine: Machine) -> Traffic? {
    guard machine.lineBytes == profile.lineBytes else { return nil }
    var levels: [[PhaseMisses]] = []
    var first: ReuseProfile?
    for (index, cache) in machine.caches.enumerated() {
      guard let shared = profile.profile(sharedBy: cache.sharedByCores) else { return nil }
      first = first ?? shared
      var sets = cache.sets
      if cache.inclusion == .victim, index > 0 {
        let above = machine.caches[index - 1]
        let instances = max(1, min(cache.sharedByCores, profile.threads) / above.sharedByCores)
        sets += instances * above.sets * above.ways / cache.ways
      }
      levels.append(
        misses(
          Geometry(sharers: min(cache.sharedByCores, profile.threads), sets: sets, ways: cache.ways), of: shared))
    }
    guard let phases = first?.phases else { return nil }
    return Traffic(
      origin: .profiled, lineBytes: machine.lineBytes, levelNames: machine.caches.map(\.name),
      phases: phases.enumerated().map { index, phase in
        PhaseCounts(predicting: levels.map { $0[index] }, of: phase, caches: machine.caches)
      })
  }

  private func misses(_ geometry: Geometry, of profile: ReuseProfile) -> [PhaseMisses] {
    if let found = known.withLock({ $0[geometry] }) { return found }
    var probabilities = MissProbabilities(
      of: SetAssociativity(sets: geometry.sets, ways: geometry.ways, contiguousLines: profile.distinctLines))
    let misses = profile.phases.map { phase in
      PhaseMisses(
        misses: phase.accesses.misses(&probabilities), writebacks: phase.stores.misses(&probabilities),
        gathers: phase.gathers.misses(&probabilities))
    }
    known.withLock { $0[geometry] = misses }
    return misses
  }
}

extension Traffic {
  /// The traffic that `profile` predicts on the machine's caches (`ProfiledTraffic.traffic`).
  public init?(_ profile: WorkloadProfile, on machine: Machine) {
    guard let traffic = ProfiledTraffic(profile).traffic(on: machine) else { return nil }
    self = traffic
  }
}

extension PhaseCounts {
  fileprivate init(
    predicting levels: [ProfiledTraffic.PhaseMisses], of phase: ReuseProfile.Phase, caches: [CacheDescription]
  ) {
    self.init(levels: Array(repeating: LevelCounts(), count: levels.count))
    func count(_ value: Double) -> UInt64 { UInt64(max(0, value).rounded()) }
    accesses = phase.lineAccesses + phase.nontemporalLines
    var reads = phase.lineAccesses - phase.storeLines
    var writes = phase.storeLines
    var gathersAbove = phase.gathers.total
    for (index, level) in levels.enumerated() {
      // No level misses more lines than are requested from it, even where two corrections disagree.
      let misses = min(count(level.misses), index == 0 ? phase.lineAccesses : reads)
      let writebacks = count(level.writebacks)
      let gathers = min(gathersAbove, level.gathers)
      self.levels[index].reads = reads
      self.levels[index].writes = writes
      self.levels[index].readMisses = misses
      self.levels[index].evictions = misses
      self.levels[index].writebacks = writebacks
      if caches[index].inclusion == .victim { self.levels[index].victimFills = writes }
      gatherSources[index] = count(gathersAbove - gathers)
      gathersAbove = gathers
      reads = misses
      let isAboveVictim = index + 1 < caches.count && caches[index + 1].inclusion == .victim
      writes = isAboveVictim ? misses : writebacks
    }
    gatherSources[levels.count] = count(gathersAbove)
    memory.reads = self.levels.last?.readMisses ?? 0
    memory.writes = (self.levels.last?.writebacks ?? 0) + phase.nontemporalLines
  }
}
