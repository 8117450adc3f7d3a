import AccessStreams
import Machines

/// A hierarchy of non-inclusive levels without prefetchers, which plays a block of requests at a time, level by
/// level.
///
/// In such a hierarchy nothing flows back up: a level hands down the lines that it lacks and the dirty lines that it
/// evicts, and its behaviour depends only on the order of its own requests. So a level can take a whole block before
/// the next level begins, and every count is the same as if each access had gone through all levels first.
/// `CacheHierarchy` plays accesses in that order, and a test compares the two. The loop of one level keeps its counts
/// in registers, has its branches to itself, and knows the requests to come, whose sets it prefetches into the host's
/// caches.
struct LevelwiseHierarchy<Policy: ReplacementPolicy>: SimulationEngine {
  /// A request to a level: a line's number of at most 61 bits (see `CacheEntry`) and, in the bits below, the kind as
  /// in `Access.Kind`. A non-temporal store invalidates the line on its way to memory.
  private struct Request {
    private static var kindBits: UInt64 { 3 }

    var bits: UInt64

    @inline(__always)
    init(_ line: UInt64, _ kind: Access.Kind) { self.init(line, UInt64(kind.rawValue)) }

    @inline(__always)
    init(_ line: UInt64, _ kind: UInt64) { bits = line &<< Request.kindBits | kind }

    @inline(__always) var line: UInt64 { bits &>> Request.kindBits }
    /// Reads are even: `read` is 0, `gather` 2.
    @inline(__always) var isRead: Bool { bits & 1 == 0 }
    @inline(__always) var isWrite: Bool { bits & 3 == 1 }
    /// 1 for a gather, for other reads 0.
    @inline(__always) var gathers: UInt64 { bits &>> 1 & 1 }

    /// The request for the next line of the same access: only the first line of a gather is a gather.
    @inline(__always)
    var followed: Request {
      var next = self
      next.bits = (bits &+ 1 &<< Request.kindBits) & ~2
      return next
    }

    @inline(__always)
    func isSameLine(as other: Request) -> Bool { bits ^ other.bits < 1 &<< Request.kindBits }
  }

  /// Requests of one level and, where there are several cores, the core that each came from.
  private struct Queue {
    let requests: UnsafeMutablePointer<Request>
    let cores: UnsafeMutablePointer<UInt16>

    init(capacity: Int) {
      requests = .allocate(capacity: capacity)
      cores = .allocate(capacity: capacity)
      requests.initialize(repeating: Request(0, .read), count: capacity)
      cores.initialize(repeating: 0, count: capacity)
    }

    func deallocate() {
      requests.deallocate()
      cores.deallocate()
    }
  }

  private struct Level {
    let instances: UnsafeMutablePointer<CacheArray<Policy>>
    let instanceCount: Int
    /// One view per core, because the inner loop has no time for a division.
    let instanceOfCore: UnsafeMutablePointer<CacheArray<Policy>>
    /// Whether its sets are worth prefetching into the host's caches.
    let isLarge: Bool
    /// The level's requests. The queue after the last level's holds the requests to memory, which are only counted.
    let queue: Queue
    let nextQueue: Queue
  }

  /// Requests that a level takes before the next one begins: few enough for all queues to stay in the host's
  /// first-level cache.
  private static var block: Int { 512 }
  /// How many requests ahead sets are prefetched: at some 5 ns each, this is about the latency of the host's memory.
  private static var prefetchDistance: Int { 16 }
  /// Part of the host's second-level cache that is left beside the simulator's other data.
  private static var largeBytes: Int { 256 << 10 }

  private let levels: UnsafeMutablePointer<Level>
  private let levelCount: Int
  private let cores: Int
  private let storesAreUses: Bool
  /// Whether repeating the last use changes nothing at the first level.
  private let mergesRepeats: Bool
  private var counts: UnsafeMutablePointer<LevelCounts>
  private var memory: UnsafeMutablePointer<MemoryCounts>
  private var gatherSources: UnsafeMutablePointer<UInt64>

  /// Whether this engine can play `caches`.
  static func fits(_ caches: [CacheDescription]) -> Bool {
    caches.allSatisfy { $0.inclusion == .nine && $0.prefetcher == nil }
  }

  /// Allocates empty caches for cores 0..<cores. Precondition: `fits(caches)`.
  init(_ caches: [CacheDescription], cores: Int, storesAreUses: Bool, countingIn store: PhaseStore) {
    levels = .allocate(capacity: caches.count)
    // A request causes up to two: the missing line, and a dirty line that makes room for it. Looking ahead, a level
    // may read a little beyond the end.
    let queues = (0...caches.count).map { _ in
      Queue(capacity: 2 * LevelwiseHierarchy.block + LevelwiseHierarchy.prefetchDistance)
    }
    for (index, cache) in caches.enumerated() {
      let count = (cores + cache.sharedByCores - 1) / cache.sharedByCores
      let instances = UnsafeMutablePointer<CacheArray<Policy>>.allocate(capacity: count)
      for instance in 0..<count { (instances + instance).initialize(to: CacheArray(cache)) }
      let instanceOfCore = UnsafeMutablePointer<CacheArray<Policy>>.allocate(capacity: cores)
      for core in 0..<cores { (instanceOfCore + core).initialize(to: instances[core / cache.sharedByCores]) }
      (levels + index).initialize(
        to: Level(
          instances: instances, instanceCount: count, instanceOfCore: instanceOfCore,
          isLarge: instances.pointee.hostBytes > LevelwiseHierarchy.largeBytes, queue: queues[index],
          nextQueue: queues[index + 1]))
    }
    levelCount = caches.count
    self.cores = cores
    self.storesAreUses = storesAreUses
    mergesRepeats = caches.first.map { PolicyChoice($0).repeatedUseChangesNothing } ?? false
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
      level.queue.deallocate()
    }
    levels[levelCount - 1].nextQueue.deallocate()
    levels.deallocate()
  }

  mutating func count(in store: PhaseStore) {
    counts = store.levels
    memory = store.memory
    gatherSources = store.gatherSources
  }

  // MARK: - The first level's requests

  func play(
    _ accesses: UnsafeBufferPointer<Access>, lineShift shift: UInt64, combining: UnsafeMutablePointer<UInt64>
  ) -> UInt64 {
    // Compiled separately for one core, which most simulations have.
    cores == 1
      ? play(accesses, lineShift: shift, combining: combining, isSingle: true)
      : play(accesses, lineShift: shift, combining: combining, isSingle: false)
  }

  @inline(__always)
  private func play(
    _ accesses: UnsafeBufferPointer<Access>, lineShift shift: UInt64, combining: UnsafeMutablePointer<UInt64>,
    isSingle: Bool
  ) -> UInt64 {
    let queue = levels[0].queue
    let cores = UInt16(truncatingIfNeeded: cores)
    var queued = 0
    var lines: UInt64 = 0
    var gathers: UInt64 = 0
    // Kernels touch a line several times in a row, word by word; such hits only need counting.
    var previous = Request(0, .nontemporalWrite)
    var previousCore = UInt16.max
    var (repeatedReads, repeatedWrites, repeatedGathers): (UInt64, UInt64, UInt64) = (0, 0, 0)
    for access in accesses {
      let core = access.core
      precondition(core < cores, "an access by core \(core) to a simulator of \(cores) cores")
      var line = access.address &>> shift
      let last = (access.address &+ UInt64(access.bytes) &- 1) &>> shift
      lines &+= last &- line &+ 1
      var request = Request(line, access.kind)
      if access.kind.rawValue >= Access.Kind.gather.rawValue {
        if access.kind == .nontemporalWrite {
          for line in line...last where combining[Int(core)] != line {
            combining[Int(core)] = line
            if queued >= LevelwiseHierarchy.block {
              play(queued, at: 0)
              queued = 0
            }
            queue.requests[queued] = Request(line, .nontemporalWrite)
            if !isSingle { queue.cores[queued] = core }
            queued &+= 1
          }
          previous = request
          continue
        }
        gathers &+= 1
      }
      if request.isSameLine(as: previous), isSingle || core == previousCore, isRepeat(request, of: previous) {
        repeatedReads &+= request.isRead ? 1 : 0
        repeatedGathers &+= request.isRead ? request.gathers : 0
        repeatedWrites &+= request.isWrite ? 1 : 0
        if line == last { continue }
        line &+= 1
        request = request.followed
      }
      while true {
        // The queue has room for one more block.
        if queued >= LevelwiseHierarchy.block {
          play(queued, at: 0)
          queued = 0
        }
        let stop = min(last, line &+ UInt64(LevelwiseHierarchy.block &- 1))
        queue.requests[queued] = request
        if !isSingle { queue.cores[queued] = core }
        queued &+= 1
        while line < stop {
          line &+= 1
          request = request.followed
          queue.requests[queued] = request
          if !isSingle { queue.cores[queued] = core }
          queued &+= 1
        }
        if line == last { break }
        line &+= 1
        request = request.followed
      }
      previous = request
      previousCore = core
    }
    play(queued, at: 0)
    counts[0].reads &+= repeatedReads
    counts[0].writes &+= repeatedWrites
    gatherSources[0] &+= repeatedGathers
    // Each level subtracts the gathers that it serves.
    gatherSources[levelCount] &+= gathers &- repeatedGathers
    return lines
  }

  /// Whether `request` repeats `previous`, of the same line by the same core, and so is a hit that changes nothing.
  @inline(__always)
  private func isRepeat(_ request: Request, of previous: Request) -> Bool {
    guard mergesRepeats else { return false }
    if request.isWrite { return previous.isWrite }
    return previous.isRead || previous.isWrite && storesAreUses
  }

  // MARK: - One level

  /// Plays the first `count` requests of the level's queue, and those that they cause on the levels below.
  private func play(_ count: Int, at level: Int) {
    let cache = levels[level].instances[0]
    let hasOne = levels[level].instanceCount == 1 && cache.hasPowerOfTwoSets
    var start = 0
    while start < count {
      let end = min(count, start &+ LevelwiseHierarchy.block)
      let passed: Int
      switch (hasOne && cores == 1, levels[level].isLarge) {
      case (true, false): passed = pass(start..<end, at: level, OnlyInstance(cache: cache), isLarge: false)
      case (true, true): passed = pass(start..<end, at: level, OnlyInstance(cache: cache), isLarge: true)
      default:
        passed = pass(
          start..<end, at: level, InstanceOfCore(caches: levels[level].instanceOfCore), isLarge: levels[level].isLarge)
      }
      if level &+ 1 < levelCount { play(passed, at: level &+ 1) }
      start = end
    }
  }

  /// Plays some of the level's requests and returns how many it put into the next level's queue.
  ///
  /// This is the simulator's inner loop. It counts only what cannot be derived from other counts.
  @inline(__always)
  private func pass<Instances: LevelInstances>(
    _ range: Range<Int>, at level: Int, _ caches: Instances, isLarge: Bool
  ) -> Int where Instances.Policy == Policy {
    let requests = levels[level].queue.requests
    let cores = levels[level].queue.cores
    let next = levels[level].nextQueue.requests
    let nextCores = levels[level].nextQueue.cores
    var passed = 0
    var (writes, writeMisses, writebacks, drops): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var (gatherHits, waysFilled): (UInt64, UInt64) = (0, 0)

    @inline(__always)
    func enqueue(_ request: Request, of index: Int) {
      next[passed] = request
      if Instances.areSeveral { nextCores[passed] = cores[index] }
      passed &+= 1
    }
    @inline(__always)
    func insert(_ entry: CacheEntry, _ set: CacheSet, of index: Int) {
      let displaced = Policy.insert(entry, into: set)
      guard !displaced.isCleanLine else { return }
      if displaced.isValid {
        writebacks &+= 1
        enqueue(Request(displaced.line, .write), of: index)
      } else {
        waysFilled &+= 1
      }
    }

    for index in range {
      if isLarge {
        let ahead = index &+ LevelwiseHierarchy.prefetchDistance
        caches.prefetchSet(of: requests[ahead].line, core: Instances.areSeveral ? cores[ahead] : 0)
      }
      let request = requests[index]
      let line = request.line
      let set = caches.set(of: line, core: Instances.areSeveral ? cores[index] : 0)
      let way = Policy.find(line, in: set)
      if request.isRead {
        if let way {
          _ = Policy.use(set, way: way)
          gatherHits &+= request.gathers
        } else {
          enqueue(request, of: index)
          insert(CacheEntry(line: line, isDirty: false), set, of: index)
        }
      } else if request.isWrite {
        writes &+= 1
        if let way {
          let place = storesAreUses ? Policy.use(set, way: way) : way
          set.entries[place].markDirty()
        } else {
          writeMisses &+= 1
          enqueue(Request(line, .read), of: index)
          insert(CacheEntry(line: line, isDirty: true), set, of: index)
        }
      } else {
        drops &+= 1
        if let way { Policy.remove(set, way: way) }
        enqueue(request, of: index)
      }
    }

    let misses = UInt64(passed) &- writebacks &- drops
    counts[level].reads &+= UInt64(range.count) &- writes &- drops
    counts[level].readMisses &+= misses &- writeMisses
    counts[level].writes &+= writes
    counts[level].writeMisses &+= writeMisses
    counts[level].evictions &+= misses &- waysFilled
    counts[level].writebacks &+= writebacks
    gatherSources[level] &+= gatherHits
    // Memory serves what no level serves: see `play`.
    gatherSources[levelCount] &-= gatherHits
    if level &+ 1 == levelCount {
      memory.pointee.reads &+= misses
      memory.pointee.writes &+= writebacks &+ drops
    }
    return passed
  }
}

/// A level's caches by core. A level with a single cache has its own type, so that the cache's address stays in
/// registers.
private protocol LevelInstances {
  associatedtype Policy: ReplacementPolicy
  /// Whether the cache depends on the core.
  static var areSeveral: Bool { get }
  func set(of line: UInt64, core: UInt16) -> CacheSet
  func prefetchSet(of line: UInt64, core: UInt16)
}

/// The only instance of a level, which serves a single core and has a power of two of sets.
private struct OnlyInstance<Policy: ReplacementPolicy>: LevelInstances {
  let cache: CacheArray<Policy>
  static var areSeveral: Bool { false }

  @inline(__always)
  func set(of line: UInt64, core: UInt16) -> CacheSet { cache.setOfPowerOfTwo(line) }

  @inline(__always)
  func prefetchSet(of line: UInt64, core: UInt16) { cache.prefetch(cache.setOfPowerOfTwo(line)) }
}

private struct InstanceOfCore<Policy: ReplacementPolicy>: LevelInstances {
  let caches: UnsafeMutablePointer<CacheArray<Policy>>
  static var areSeveral: Bool { true }

  @inline(__always)
  func set(of line: UInt64, core: UInt16) -> CacheSet { caches[Int(core)].set(of: line) }

  @inline(__always)
  func prefetchSet(of line: UInt64, core: UInt16) { caches[Int(core)].prefetch(set(of: line, core: core)) }
}
