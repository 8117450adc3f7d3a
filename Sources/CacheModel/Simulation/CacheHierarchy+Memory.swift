import Machines

extension CacheHierarchy {
  /// Part of the host's second-level cache that is left beside the simulator's other data. Levels that fit into it
  /// need no prefetch.
  private static var largeBytes: Int { 256 << 10 }

  /// Allocates empty caches for cores 0..<cores; counts go to `store`.
  init(
    _ caches: [CacheDescription], cores: Int, storesAreUses: Bool, countingIn store: PhaseStore
  ) {
    let levels = UnsafeMutablePointer<Level>.allocate(capacity: caches.count)
    for (index, cache) in caches.enumerated() {
      let count = (cores + cache.sharedByCores - 1) / cache.sharedByCores
      let instances = UnsafeMutablePointer<CacheArray<Policy>>.allocate(capacity: count)
      for instance in 0..<count { (instances + instance).initialize(to: CacheArray(cache)) }
      let instanceOfCore = UnsafeMutablePointer<CacheArray<Policy>>.allocate(capacity: cores)
      for core in 0..<cores { (instanceOfCore + core).initialize(to: instances[core / cache.sharedByCores]) }
      var prefetchers: UnsafeMutablePointer<PrefetchUnit>?
      if let description = cache.prefetcher {
        let units = UnsafeMutablePointer<PrefetchUnit>.allocate(capacity: cores)
        for core in 0..<cores {
          (units + core).initialize(to: PrefetchUnit(description, lineBytes: cache.lineBytes))
        }
        prefetchers = units
      }
      (levels + index).initialize(
        to: Level(
          instances: instances, instanceCount: count, instanceOfCore: instanceOfCore,
          sharedByCores: cache.sharedByCores, inclusion: cache.inclusion, prefetchers: prefetchers))
    }
    let firstLarge = caches.indices.first { levels[$0].instances.pointee.hostBytes > CacheHierarchy.largeBytes }
    let hasPrefetchers = caches.contains { $0.prefetcher != nil }
    self.init(
      levels: levels, levelCount: caches.count, cores: cores, counts: store.levels, memory: store.memory,
      gatherSources: store.gatherSources, storesAreUses: storesAreUses, hasPrefetchers: hasPrefetchers,
      firstLargeLevel: firstLarge ?? caches.count)
  }

  mutating func count(in store: PhaseStore) {
    counts = store.levels
    memory = store.memory
    gatherSources = store.gatherSources
  }

  func deallocate() {
    for index in 0..<levelCount {
      let level = levels[index]
      for instance in 0..<level.instanceCount { level.instances[instance].deallocate() }
      level.instances.deallocate()
      level.instanceOfCore.deallocate()
      level.prefetchers?.deinitialize(count: cores)
      level.prefetchers?.deallocate()
    }
    levels.deinitialize(count: levelCount)
    levels.deallocate()
  }
}
