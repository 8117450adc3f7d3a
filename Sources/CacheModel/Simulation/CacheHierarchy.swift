/// The machinery of the exact simulator: what a load, a store and an eviction do, level by level.
///
/// A value of plain pointers into memory that `CacheSimulator` owns. It is copied into a local before a loop, so that the
/// loop pays neither reference counting nor exclusivity checks.
///
/// The rules, for a level L with the level below it B:
/// - A load that hits uses the line. A load that misses loads the line from B and inserts it; what that displaces is
///   evicted *after* the fetch.
/// - A store is write-allocate: on a miss it loads the line from B first; then the line is dirty.
/// - An evicted dirty line is a store at B; if B lacks it, B fetches it first like for any other store. (Hardware that
///   writes whole lines could skip that fetch; it is rare, and counting it keeps one rule for all stores.)
/// - A victim level is filled by every eviction above it, clean or dirty, and by nothing else; a hit takes the line out
///   and hands it up with its dirtiness. When several cores share it, a line that it lacks but a sibling's cache just
///   above it holds is served from there and counts as its hit: its tags also cover those caches (AMD's shadow tags).
/// - An inclusive level that gives up a line takes it from all levels above too, and writes it back if any copy is dirty.
/// - There is no coherence protocol: cores that write the same line both keep it. Kernels partition what they write.
struct CacheHierarchy {
  struct Level {
    let instances: UnsafeMutablePointer<CacheArray>
    let instanceCount: Int
    /// The instance that serves each core: a view a core, because the inner loop has no time for a division.
    let instanceOfCore: UnsafeMutablePointer<CacheArray>
    let sharedByCores: Int
    let inclusion: InclusionKind

    @inline(__always)
    func cache(of core: Int) -> UnsafeMutablePointer<CacheArray> { instanceOfCore + core }
  }

  let levels: UnsafeMutablePointer<Level>
  let levelCount: Int
  /// Cores simulated: 0..<cores.
  let cores: Int
  /// Counters of the present phase, one per level.
  var counts: UnsafeMutablePointer<LevelCounts>
  var memory: UnsafeMutablePointer<MemoryCounts>
  /// Whether hits by stores and write-backs count as uses for the replacement policy: see `StoreRecency`.
  let storesAreUses: Bool

  /// Where a line came from, `levelCount` being memory, and whether it comes with the duty to write it back.
  struct Supply {
    var source: Int
    var isDirty: Bool
  }

  // MARK: - Requests

  /// Brings `line` to `level` for `core` by a read.
  func load(_ line: UInt64, at level: Int, core: Int) -> Supply {
    guard level < levelCount else {
      memory.pointee.reads &+= 1
      return Supply(source: levelCount, isDirty: false)
    }
    let isVictim = levels[level].inclusion == .victim
    let cache = levels[level].cache(of: core)
    let set = cache.pointee.set(of: line)
    counts[level].reads &+= 1
    // Kernels read a line several times in a row, vector by vector; only the first level sees that.
    if level == 0, cache.pointee.isPlainHit(line, in: set) { return Supply(source: 0, isDirty: false) }
    if let way = cache.pointee.find(line, in: set) {
      guard isVictim else {
        _ = cache.pointee.use(set, way: way)
        return Supply(source: level, isDirty: false)
      }
      let isDirty = set.entries[way].isDirty
      cache.pointee.remove(set, way: way)
      return Supply(source: level, isDirty: isDirty)
    }
    if isVictim {
      if siblingHolds(line, above: level, core: core) { return Supply(source: level, isDirty: false) }
      counts[level].readMisses &+= 1
      return load(line, at: level + 1, core: core)
    }
    counts[level].readMisses &+= 1
    let supply = load(line, at: level + 1, core: core)
    insert(CacheEntry(line: line, isDirty: supply.isDirty), at: level, core: core, cache, set)
    return Supply(source: supply.source, isDirty: false)
  }

  /// Writes `line` at `level`, by a store or by a write-back from the level above.
  func store(_ line: UInt64, at level: Int, core: Int) {
    guard level < levelCount else {
      memory.pointee.writes &+= 1
      return
    }
    let cache = levels[level].cache(of: core)
    let set = cache.pointee.set(of: line)
    counts[level].writes &+= 1
    if let way = cache.pointee.find(line, in: set) {
      let place = storesAreUses ? cache.pointee.use(set, way: way) : way
      set.entries[place].markDirty()
      return
    }
    counts[level].writeMisses &+= 1
    _ = load(line, at: level + 1, core: core)
    insert(CacheEntry(line: line, isDirty: true), at: level, core: core, cache, set)
  }

  /// Writes `line` past the caches: copies in the core's caches are dropped, their contents merged into the one write.
  func storeNontemporally(_ line: UInt64, core: Int) {
    for level in 0..<levelCount {
      let cache = levels[level].cache(of: core)
      let set = cache.pointee.set(of: line)
      if let way = cache.pointee.find(line, in: set) { cache.pointee.remove(set, way: way) }
    }
    memory.pointee.writes &+= 1
  }

  // MARK: - Consequences

  @inline(__always)
  private func insert(
    _ entry: CacheEntry, at level: Int, core: Int, _ cache: UnsafeMutablePointer<CacheArray>, _ set: CacheSet
  ) {
    let displaced = cache.pointee.insert(entry, into: set)
    if displaced.isValid { evict(displaced, from: level, core: core) }
  }

  @inline(never)
  private func evict(_ entry: CacheEntry, from level: Int, core: Int) {
    counts[level].evictions &+= 1
    var isDirty = entry.isDirty
    if levels[level].inclusion == .inclusive, backInvalidate(entry.line, above: level, core: core) { isDirty = true }
    if isDirty { counts[level].writebacks &+= 1 }
    if level + 1 < levelCount, levels[level + 1].inclusion == .victim {
      fill(CacheEntry(line: entry.line, isDirty: isDirty), at: level + 1, core: core)
    } else if isDirty {
      store(entry.line, at: level + 1, core: core)
    }
  }

  /// Takes in a line that the level above a victim level gave up.
  private func fill(_ entry: CacheEntry, at level: Int, core: Int) {
    let cache = levels[level].cache(of: core)
    let set = cache.pointee.set(of: entry.line)
    counts[level].writes &+= 1
    counts[level].victimFills &+= 1
    if let way = cache.pointee.find(entry.line, in: set) {
      // Another core's copy came first.
      let place = cache.pointee.use(set, way: way)
      if entry.isDirty { set.entries[place].markDirty() }
      return
    }
    insert(entry, at: level, core: core, cache, set)
  }

  /// Takes `line` from every cache above the instance of `level` that serves `core`; returns whether a copy was dirty.
  private func backInvalidate(_ line: UInt64, above level: Int, core: Int) -> Bool {
    let cluster = coresSharing(level, with: core)
    var wasDirty = false
    for upper in 0..<level {
      let shared = levels[upper].sharedByCores
      for instance in (cluster.lowerBound / shared)...((cluster.upperBound - 1) / shared) {
        let cache = levels[upper].instances + instance
        let set = cache.pointee.set(of: line)
        guard let way = cache.pointee.find(line, in: set) else { continue }
        if set.entries[way].isDirty {
          wasDirty = true
          counts[upper].writebacks &+= 1
        }
        counts[upper].backInvalidations &+= 1
        cache.pointee.remove(set, way: way)
      }
    }
    return wasDirty
  }

  /// Whether a cache just above the victim level `level`, of another core of its cluster, holds `line`.
  private func siblingHolds(_ line: UInt64, above level: Int, core: Int) -> Bool {
    let cluster = coresSharing(level, with: core)
    let shared = levels[level - 1].sharedByCores
    guard cluster.count > shared else { return false }
    let own = core / shared
    for instance in (cluster.lowerBound / shared)...((cluster.upperBound - 1) / shared) where instance != own {
      let sibling = levels[level - 1].instances + instance
      if sibling.pointee.find(line, in: sibling.pointee.set(of: line)) != nil { return true }
    }
    return false
  }

  /// The simulated cores that share `core`'s instance of `level`.
  private func coresSharing(_ level: Int, with core: Int) -> Range<Int> {
    let shared = levels[level].sharedByCores
    let first = core / shared * shared
    return first..<min(first + shared, cores)
  }
}
