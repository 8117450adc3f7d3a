/// Events at one level of cache, in lines.
///
/// A read is a load by the core (first level) or a fetch by the level above. A write is a store by the core or a line
/// that the level above evicted. At the first level reads + writes are the program's accesses, and at every level
/// except a victim cache hits + misses = reads + writes.
public struct LevelCounts: Equatable, Sendable {
  public var reads: UInt64 = 0
  public var writes: UInt64 = 0
  public var readMisses: UInt64 = 0
  /// Writes whose line was absent: it is fetched from below first (write-allocate).
  public var writeMisses: UInt64 = 0
  /// Writes that fill a victim cache with evicted lines: they look nothing up, so they neither hit nor miss.
  public var victimFills: UInt64 = 0
  /// Lines displaced by others, clean or dirty.
  public var evictions: UInt64 = 0
  /// Dirty lines written to the level below.
  public var writebacks: UInt64 = 0
  /// Lines lost because an inclusive level below evicted them.
  public var backInvalidations: UInt64 = 0
  /// Lines that this level's prefetchers fetched from below; they do not count as reads of this level.
  public var prefetches: UInt64 = 0
  /// Hits that are the first use of a prefetched line: misses that the prefetcher saved.
  public var usefulPrefetches: UInt64 = 0
  /// Useful prefetches that were needed before they could have arrived (`PrefetcherDescription.latencyAccesses`).
  public var latePrefetches: UInt64 = 0

  public init() {}

  public var misses: UInt64 { readMisses + writeMisses }
  public var hits: UInt64 { reads + writes - victimFills - misses }

  public static func += (total: inout LevelCounts, part: LevelCounts) {
    total.reads += part.reads
    total.writes += part.writes
    total.readMisses += part.readMisses
    total.writeMisses += part.writeMisses
    total.victimFills += part.victimFills
    total.evictions += part.evictions
    total.writebacks += part.writebacks
    total.backInvalidations += part.backInvalidations
    total.prefetches += part.prefetches
    total.usefulPrefetches += part.usefulPrefetches
    total.latePrefetches += part.latePrefetches
  }
}

/// Lines read from and written to memory.
public struct MemoryCounts: Equatable, Sendable {
  public var reads: UInt64 = 0
  public var writes: UInt64 = 0

  public init(reads: UInt64 = 0, writes: UInt64 = 0) {
    self.reads = reads
    self.writes = writes
  }

  public static func += (total: inout MemoryCounts, part: MemoryCounts) {
    total.reads += part.reads
    total.writes += part.writes
  }
}

/// The events of one phase of a workload at every level.
public struct PhaseCounts: Equatable, Sendable {
  public var levels: [LevelCounts]
  public var memory: MemoryCounts
  /// Line accesses by the cores; a request that spans lines counts once per line.
  public var accesses: UInt64
  /// How many gathers (data-dependent reads) found their first line at each level; the last entry is memory.
  public var gatherSources: [UInt64]

  public init(
    levels: [LevelCounts], memory: MemoryCounts = MemoryCounts(), accesses: UInt64 = 0, gatherSources: [UInt64]? = nil
  ) {
    self.levels = levels
    self.memory = memory
    self.accesses = accesses
    self.gatherSources = gatherSources ?? Array(repeating: 0, count: levels.count + 1)
  }

  public static func += (total: inout PhaseCounts, part: PhaseCounts) {
    for level in total.levels.indices { total.levels[level] += part.levels[level] }
    total.memory += part.memory
    total.accesses += part.accesses
    for source in total.gatherSources.indices { total.gatherSources[source] += part.gatherSources[source] }
  }
}
