/// The reuse profiles of a workload that a machine may ask for: one for every number of cores that can share a cache.
///
/// Made once, in a pass over the stream; `Traffic` of a machine then costs a sum over the profiles' bins per level.
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

  /// The profile of caches shared by `cores`; nil if it was not made.
  public func profile(sharedBy cores: Int) -> ReuseProfile? { bySharing[min(cores, threads)] }
}

extension Traffic {
  /// The traffic that `profile` predicts on the machine's caches; nil if it lacks a sharing or has another line size.
  ///
  /// LRU with the associativity correction for contiguous arrays, whatever the policy; a victim level holds its own lines and those of the
  /// levels just above it; an inclusive one is taken for non-inclusive. In a steady state every fill displaces a line, so
  /// evictions are misses; all misses count as read misses, and write-backs find their line below.
  public init?(_ profile: WorkloadProfile, on machine: Machine) {
    guard machine.lineBytes == profile.lineBytes else { return nil }
    var levels: [(profile: ReuseProfile, cache: SetAssociativity)] = []
    for (index, cache) in machine.caches.enumerated() {
      guard let shared = profile.profile(sharedBy: cache.sharedByCores) else { return nil }
      var sets = cache.sets
      if cache.inclusion == .victim, index > 0 {
        let above = machine.caches[index - 1]
        let instances = max(1, min(cache.sharedByCores, profile.threads) / above.sharedByCores)
        sets += instances * above.sets * above.ways / cache.ways
      }
      levels.append(
        (shared, SetAssociativity(sets: sets, ways: cache.ways, contiguousLines: shared.distinctLines)))
    }
    guard let phaseCount = levels.first?.profile.phases.count else { return nil }
    let phases = (0..<phaseCount).map { phase in
      PhaseCounts(predicting: levels.map { ($0.profile.phases[phase], $0.cache) }, caches: machine.caches)
    }
    self.init(lineBytes: machine.lineBytes, levelNames: machine.caches.map(\.name), phases: phases)
  }
}

extension PhaseCounts {
  fileprivate init(
    predicting levels: [(phase: ReuseProfile.Phase, cache: SetAssociativity)], caches: [CacheDescription]
  ) {
    self.init(levels: Array(repeating: LevelCounts(), count: levels.count))
    guard let first = levels.first?.phase else { return }
    func count(_ value: Double) -> UInt64 { UInt64(max(0, value).rounded()) }
    accesses = first.lineAccesses + first.nontemporalLines
    var reads = first.lineAccesses - first.storeLines
    var writes = first.storeLines
    var gathersAbove = first.gathers.total
    for (index, level) in levels.enumerated() {
      // No level can miss more than it is asked for, whatever two corrections say.
      let misses = min(count(level.phase.accesses.misses(level.cache)), index == 0 ? first.lineAccesses : reads)
      let writebacks = count(level.phase.stores.misses(level.cache))
      let gathers = min(gathersAbove, level.phase.gathers.misses(level.cache))
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
    memory.writes = (self.levels.last?.writebacks ?? 0) + first.nontemporalLines
  }
}
