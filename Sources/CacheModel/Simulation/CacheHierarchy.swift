import AccessStreams
import Machines

/// The exact simulator: the effects of a load, a store and an eviction, level by level.
///
/// It is a value of plain pointers into memory that `CacheSimulator` owns. It is copied into a local before a loop,
/// so that the loop pays neither reference counting nor exclusivity checks. It is generic over the policy, so that
/// the most common hierarchy, LRU in every level, is compiled without a choice of policy at every step.
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
/// - A prefetcher is trained by the misses of its level and by first uses of what it fetched. It fetches, by a read of B,
///   after the access that trained it is done; B counts that read like any other, its own level counts it as a prefetch.
/// - There is no coherence protocol: cores that write the same line both keep it. Kernels partition what they write.
struct CacheHierarchy<Policy: ReplacementPolicy>: SimulationEngine {
  struct Level {
    let instances: UnsafeMutablePointer<CacheArray<Policy>>
    let instanceCount: Int
    /// The instance that serves each core. There is one view per core, because the inner loop has no time for a
    /// division.
    let instanceOfCore: UnsafeMutablePointer<CacheArray<Policy>>
    let sharedByCores: Int
    let inclusion: InclusionKind
    /// One per core where the level has a prefetcher.
    let prefetchers: UnsafeMutablePointer<PrefetchUnit>?

    @inline(__always)
    func cache(of core: Int) -> UnsafeMutablePointer<CacheArray<Policy>> { instanceOfCore + core }
  }

  let levels: UnsafeMutablePointer<Level>
  let levelCount: Int
  /// Cores simulated: 0..<cores.
  let cores: Int
  /// Counters of the current phase, one per level.
  var counts: UnsafeMutablePointer<LevelCounts>
  var memory: UnsafeMutablePointer<MemoryCounts>
  var gatherSources: UnsafeMutablePointer<UInt64>
  /// Whether hits by stores and write-backs count as uses for the replacement policy: see `StoreRecency`.
  let storesAreUses: Bool
  let hasPrefetchers: Bool
  /// The first level whose sets are worth prefetching into the host's caches.
  let firstLargeLevel: Int

  /// Where a line came from (`levelCount` is memory), and whether it must be written back later.
  struct Supply {
    var source: Int
    var isDirty: Bool
  }

  // MARK: - Requests

  /// A load by `core`; returns the level at which the line was found.
  @inline(__always)
  func load(_ line: UInt64, core: Int) -> Int {
    let cache = levels[0].cache(of: core)
    // Kernels read a line several times in a row, vector by vector; only the first level sees that.
    if !hasPrefetchers, Policy.isPlainHit(line, in: cache.pointee.set(of: line)) {
      counts[0].reads &+= 1
      return 0
    }
    return fetch(line, at: 0, core: core).source
  }

  /// Reads `line` at `first` and, level by level, below, until it is found; then fills the levels that lacked it, the
  /// outermost first. Where a victim cache just below handed the line up and no level took it, the caller keeps its
  /// dirtiness.
  @inline(never)
  func fetch(_ line: UInt64, at first: Int, core: Int) -> Supply {
    var level = first
    var isDirty = false
    var isFirstUse = false
    while level < levelCount {
      let cache = levels[level].cache(of: core)
      let set = cache.pointee.set(of: line)
      counts[level].reads &+= 1
      if hasPrefetchers { levels[level].prefetchers?[core].tick() }
      if let way = Policy.find(line, in: set) {
        if levels[level].inclusion == .victim {
          isDirty = set.entries[way].isDirty
          Policy.remove(set, way: way)
        } else {
          if set.entries[way].isPrefetched {
            countFirstUse(set, way, line, at: level, core: core)
            isFirstUse = true
          }
          _ = Policy.use(set, way: way)
        }
        break
      }
      if levels[level].inclusion == .victim, siblingHolds(line, above: level, core: core) { break }
      counts[level].readMisses &+= 1
      level &+= 1
    }
    if level == levelCount { memory.pointee.reads &+= 1 }
    var filled = level
    while filled > first {
      filled &-= 1
      guard levels[filled].inclusion != .victim else { continue }
      let cache = levels[filled].cache(of: core)
      insert(CacheEntry(line: line, isDirty: isDirty), at: filled, core: core, cache.pointee.set(of: line))
      isDirty = false
    }
    if hasPrefetchers {
      for missed in first..<level { prefetch(after: line, at: missed, core: core) }
      if isFirstUse { prefetch(after: line, at: level, core: core) }
    }
    return Supply(source: level, isDirty: isDirty)
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
    if hasPrefetchers { levels[level].prefetchers?[core].tick() }
    if let way = Policy.find(line, in: set) {
      let isFirstUse = set.entries[way].isPrefetched
      if isFirstUse { countFirstUse(set, way, line, at: level, core: core) }
      let place = storesAreUses ? Policy.use(set, way: way) : way
      set.entries[place].markDirty()
      if isFirstUse { prefetch(after: line, at: level, core: core) }
      return
    }
    counts[level].writeMisses &+= 1
    _ = fetch(line, at: level &+ 1, core: core)
    insert(CacheEntry(line: line, isDirty: true), at: level, core: core, set)
    if hasPrefetchers { prefetch(after: line, at: level, core: core) }
  }

  /// Writes `line` past the caches: copies in the core's caches are dropped, their contents merged into the one write.
  func storeNontemporally(_ line: UInt64, core: Int) {
    for level in 0..<levelCount {
      let set = levels[level].cache(of: core).pointee.set(of: line)
      if let way = Policy.find(line, in: set) { Policy.remove(set, way: way) }
    }
    memory.pointee.writes &+= 1
  }

  // MARK: - Prefetches

  /// Counts the first use of a prefetched line as useful or late; the prefetcher is trained with it afterwards.
  @inline(never)
  private func countFirstUse(_ set: CacheSet, _ way: Int, _ line: UInt64, at level: Int, core: Int) {
    set.entries[way].markUsed()
    counts[level].usefulPrefetches &+= 1
    if levels[level].prefetchers?[core].isUnderWay(line) == true { counts[level].latePrefetches &+= 1 }
  }

  /// Trains the level's prefetcher with `line` and fetches what it asks for.
  @inline(never)
  private func prefetch(after line: UInt64, at level: Int, core: Int) {
    guard let unit = levels[level].prefetchers?[core], let request = unit.train(line) else { return }
    for step in 0..<Int64(request.count) {
      let wanted = request.first &+ UInt64(bitPattern: step &* request.stride)
      let set = levels[level].cache(of: core).pointee.set(of: wanted)
      guard Policy.find(wanted, in: set) == nil else { continue }
      let supply = fetch(wanted, at: level + 1, core: core)
      counts[level].prefetches &+= 1
      unit.issue(wanted)
      insert(
        CacheEntry(line: wanted, isDirty: supply.isDirty, isPrefetched: true), at: level, core: core, set)
    }
  }

  // MARK: - Consequences

  @inline(__always)
  private func insert(_ entry: CacheEntry, at level: Int, core: Int, _ set: CacheSet) {
    let displaced = Policy.insert(entry, into: set)
    guard displaced.isValid else { return }
    counts[level].evictions &+= 1
    // A clean line needs no action unless the level is inclusive or a victim cache lies below.
    if displaced.isDirty || levels[level].inclusion == .inclusive
      || (level &+ 1 < levelCount && levels[level &+ 1].inclusion == .victim)
    {
      evict(displaced, from: level, core: core)
    }
  }

  @inline(never)
  private func evict(_ entry: CacheEntry, from level: Int, core: Int) {
    var isDirty = entry.isDirty
    if levels[level].inclusion == .inclusive, backInvalidate(entry.line, above: level, core: core) { isDirty = true }
    if isDirty { counts[level].writebacks &+= 1 }
    if level + 1 < levelCount, levels[level + 1].inclusion == .victim {
      fill(CacheEntry(line: entry.line, isDirty: isDirty), at: level + 1, core: core)
    } else if isDirty {
      store(entry.line, at: level + 1, core: core)
    }
  }

  /// Takes in a line that the level above a victim level evicted.
  private func fill(_ entry: CacheEntry, at level: Int, core: Int) {
    let cache = levels[level].cache(of: core)
    let set = cache.pointee.set(of: entry.line)
    counts[level].writes &+= 1
    counts[level].victimFills &+= 1
    if let way = Policy.find(entry.line, in: set) {
      // Another core's copy came first.
      let place = Policy.use(set, way: way)
      if entry.isDirty { set.entries[place].markDirty() }
      return
    }
    insert(entry, at: level, core: core, set)
  }

  /// Invalidates `line` in every cache above the instance of `level` that serves `core`. Returns whether a copy was
  /// dirty.
  private func backInvalidate(_ line: UInt64, above level: Int, core: Int) -> Bool {
    let cluster = coresSharing(level, with: core)
    var wasDirty = false
    for upper in 0..<level {
      let shared = levels[upper].sharedByCores
      for instance in (cluster.lowerBound / shared)...((cluster.upperBound - 1) / shared) {
        let cache = levels[upper].instances + instance
        let set = cache.pointee.set(of: line)
        guard let way = Policy.find(line, in: set) else { continue }
        if set.entries[way].isDirty {
          wasDirty = true
          counts[upper].writebacks &+= 1
        }
        counts[upper].backInvalidations &+= 1
        Policy.remove(set, way: way)
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
      if Policy.find(line, in: sibling.pointee.set(of: line)) != nil { return true }
    }
    return false
  }

  /// The simulated cores that share `core`'s instance of `level`.
  private func coresSharing(_ level: Int, with core: Int) -> Range<Int> {
    let shared = levels[level].sharedByCores
    let first = core / shared * shared
    return first..<min(first + shared, cores)
  }

  // MARK: - Streams

  /// How many accesses ahead the simulator prefetches the sets that they will touch: at some 10 ns an access, this is
  /// about the latency of the host's memory.
  private static var prefetchDistance: Int { 12 }

  func play(
    _ accesses: UnsafeBufferPointer<Access>, lineShift shift: UInt64, combining: UnsafeMutablePointer<UInt64>
  ) -> UInt64 {
    var lines: UInt64 = 0
    var ahead = UInt64.max
    for index in accesses.indices {
      if index &+ CacheHierarchy.prefetchDistance < accesses.count {
        let coming = accesses[index &+ CacheHierarchy.prefetchDistance]
        let line = coming.address &>> shift
        if line != ahead { prefetchSets(of: line, core: Int(coming.core)) }
        ahead = line
      }
      let access = accesses[index]
      let core = Int(access.core)
      precondition(core < cores, "an access by core \(core) to a simulator of \(cores) cores")
      let first = access.address &>> shift
      let last = (access.address &+ UInt64(access.bytes) &- 1) &>> shift
      lines &+= last &- first &+ 1
      switch access.kind {
      case .read:
        var line = first
        while line <= last {
          _ = load(line, core: core)
          line &+= 1
        }
      case .write:
        var line = first
        while line <= last {
          store(line, at: 0, core: core)
          line &+= 1
        }
      case .gather:
        gatherSources[load(first, core: core)] &+= 1
        var line = first &+ 1
        while line <= last {
          _ = load(line, core: core)
          line &+= 1
        }
      case .nontemporalWrite:
        for line in first...last where combining[core] != line {
          storeNontemporally(line, core: core)
          combining[core] = line
        }
      }
    }
    return lines
  }

  /// Prefetches the sets of levels that are too large for the host's own caches, which would otherwise wait at every
  /// random access.
  @inline(__always)
  private func prefetchSets(of line: UInt64, core: Int) {
    guard core < cores else { return }
    var level = firstLargeLevel
    while level < levelCount {
      let cache = levels[level].cache(of: core).pointee
      cache.prefetch(cache.set(of: line))
      level &+= 1
    }
  }
}
