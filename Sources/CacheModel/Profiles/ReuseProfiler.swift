import AccessStreams
import Support

/// Profiles a stream in one pass: collects the stack distances of its accesses, which give the misses of every
/// capacity.
///
/// The profile of cores that share a cache is that of their interleaved accesses: cores are taken in groups of `sharedBy`,
/// in order, and each group has a stack of its own. Lines that the group's cores share are counted once, as in the cache.
public final class ReuseProfiler: AccessSink {
  public let lineBytes: Int
  public let sampling: Sampling
  private let lineShift: UInt64
  private let sharedBy: Int
  private var groups: [Group]
  private var phases: [Phase] = [Phase()]
  private var present = 0

  private struct Phase {
    var accesses = DistanceCounter()
    var gathers = DistanceCounter()
    var stores = DistanceCounter()
    var lines: UInt64 = 0
    var storeLines: UInt64 = 0
    var nontemporalLines: UInt64 = 0

    @inline(__always)
    mutating func add(_ distance: StackDistances.Distance, isStore: Bool, isGather: Bool) {
      accesses.add(distance.sinceAccess)
      if isStore { stores.add(distance.sinceStore) }
      if isGather { gathers.add(distance.sinceAccess) }
    }
  }

  /// One stack and its sample.
  private final class Group {
    let stack = StackDistances()
    var filter: SpatialFilter
    /// The sampled lines, by hash, where the sample has a bounded size.
    var followed: SampleHeap?

    init(_ sampling: Sampling) {
      switch sampling {
      case .all: filter = SpatialFilter(rate: 1)
      case .rate(let rate): filter = SpatialFilter(rate: rate)
      case .lines(let most):
        filter = SpatialFilter(rate: 1)
        followed = SampleHeap(most: most)
      }
    }
  }

  public init(lineBytes: Int = 64, cores: Int = 1, sharedBy: Int = 1, sampling: Sampling = .all) throws {
    guard (8...4096).contains(lineBytes), lineBytes.nonzeroBitCount == 1 else {
      throw InputError(key: "--line", "expected a power of two of 8 to 4096 bytes, found \(lineBytes)")
    }
    switch sampling {
    case .rate(let rate) where !(rate > 0 && rate <= 1):
      throw InputError(key: "--sample", "expected a rate above 0 and up to 1, found \(rate)")
    case .lines(let most) where most < 1:
      throw InputError(key: "--sample", "expected at least one line to follow, found \(most)")
    default: break
    }
    self.lineBytes = lineBytes
    self.sampling = sampling
    self.sharedBy = max(1, sharedBy)
    lineShift = UInt64(lineBytes.trailingZeroBitCount)
    groups = (0..<((cores + self.sharedBy - 1) / self.sharedBy)).map { _ in Group(sampling) }
  }

  public func enter(phase: Int) {
    while phases.count <= phase { phases.append(Phase()) }
    present = phase
  }

  /// Precondition: every core is below `cores`.
  public func consume(_ accesses: UnsafeBufferPointer<Access>) {
    // The counters are moved out of the object while a chunk lasts, because each access inside the object would check
    // for exclusive access.
    var phase = Phase()
    swap(&phase, &phases[present])
    defer { swap(&phase, &phases[present]) }
    let followsAll = sampling == .all
    for access in accesses {
      let first = access.address &>> lineShift
      let last = (access.address &+ UInt64(access.bytes) &- 1) &>> lineShift
      if access.kind == .nontemporalWrite {
        phase.nontemporalLines &+= last &- first &+ 1
        continue
      }
      let group = groups[Int(access.core) / sharedBy]
      let isStore = access.kind == .write
      phase.lines &+= last &- first &+ 1
      if isStore { phase.storeLines &+= last &- first &+ 1 }
      var line = first
      while line <= last {
        let isGather = access.kind == .gather && line == first
        if followsAll {
          phase.add(group.stack.access(line, isStore: isStore), isStore: isStore, isGather: isGather)
        } else {
          sample(line, group, &phase, isStore: isStore, isGather: isGather)
        }
        line &+= 1
      }
    }
  }

  private func sample(_ line: UInt64, _ group: Group, _ phase: inout Phase, isStore: Bool, isGather: Bool) {
    guard group.filter.follows(line) else { return }
    let distance = group.stack.access(line, isStore: isStore)
    guard group.followed != nil else {
      phase.add(distance, isStore: isStore, isGather: isGather)
      return
    }
    let rate = group.filter.rate
    phase.accesses.add(distance.sinceAccess, rate: rate)
    if isStore { phase.stores.add(distance.sinceStore, rate: rate) }
    if isGather { phase.gathers.add(distance.sinceAccess, rate: rate) }
    if distance.sinceAccess == nil { follow(line, group) }
  }

  /// Adds a new line to a sample of bounded size. If that is full, lowers the threshold to its largest hash.
  private func follow(_ line: UInt64, _ group: Group) {
    group.followed?.add(line)
    guard let followed = group.followed, followed.count > followed.most, let largest = followed.largestHash else {
      return
    }
    group.filter.threshold = largest
    while let hash = group.followed?.largestHash, hash >= largest, let gone = group.followed?.removeLargest() {
      group.stack.forget(gone)
    }
  }

  /// Resets the counts and keeps the stacks. Call it after a warm-up.
  public func resetCounts() {
    phases = phases.map { _ in Phase() }
  }

  /// The profile of all accesses counted so far.
  public var profile: ReuseProfile {
    let rate: Double
    switch sampling {
    case .all, .lines: rate = 1
    case .rate: rate = groups.first?.filter.rate ?? 1
    }
    let lines = groups.reduce(0) { $0 + Double($1.stack.lineCount) / $1.filter.rate }
    return ReuseProfile(
      lineBytes: lineBytes, distinctLines: Int((lines / Double(max(1, groups.count))).rounded()),
      phases: phases.map { phase in
        ReuseProfile.Phase(
          lineAccesses: phase.lines, storeLines: phase.storeLines, nontemporalLines: phase.nontemporalLines,
          accesses: phase.accesses.histogram(rate: rate).corrected(to: Double(phase.lines), if: sampling != .all),
          gathers: phase.gathers.histogram(rate: rate), stores: phase.stores.histogram(rate: rate))
      })
  }
}

extension DistanceHistogram {
  /// SHARDS-adj: a sample has more or fewer accesses than its rate implies because it has more or fewer of the hot
  /// lines than it should, so the difference is counted at the smallest distance (Waldspurger et al., section 3.2).
  /// An empty sample stays empty, because it has no information on distances.
  fileprivate func corrected(to accesses: Double, if isSampled: Bool) -> DistanceHistogram {
    guard isSampled, total > 0 else { return self }
    return self + DistanceHistogram(bins: [Bin(distance: 0, count: accesses - total)])
  }
}

/// The lines of a sample, as a binary heap with the largest hash first.
struct SampleHeap {
  let most: Int
  private var items: [(hash: UInt64, line: UInt64)] = []

  init(most: Int) {
    self.most = most
  }

  var count: Int { items.count }
  var largestHash: UInt64? { items.first?.hash }

  mutating func add(_ line: UInt64) {
    items.append((SpatialFilter.hash(line), line))
    var child = items.count - 1
    while child > 0, items[(child - 1) / 2].hash < items[child].hash {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeLargest() -> UInt64? {
    guard let largest = items.first, let last = items.popLast() else { return nil }
    guard !items.isEmpty else { return largest.line }
    items[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < items.count else { break }
      if child + 1 < items.count, items[child + 1].hash > items[child].hash { child += 1 }
      guard items[child].hash > items[parent].hash else { break }
      items.swapAt(parent, child)
      parent = child
    }
    return largest.line
  }
}
