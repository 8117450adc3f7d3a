/// LRU stack distances of a stream of lines, exactly and in one pass.
///
/// The stack distance of an access is the number of distinct other lines since the last access to the same line (Mattson
/// et al., "Evaluation techniques for storage hierarchies", IBM Systems Journal 9(2), 1970). An LRU cache of C lines, fully
/// associative, hits exactly where it is below C.
///
/// Every line has a mark at the time of its last access, and the distance is the number of marks after the line's own. A
/// Fenwick tree over time counts them (Bennett and Kruskal, "LRU stack processing", IBM J. Res. Dev. 19(4), 1975), so that
/// an access takes O(log n) time for n distinct lines; times are renumbered when they run out, so memory is O(n) too.
final class StackDistances {
  /// What is kept of a line.
  private struct Last {
    var time: Int32
    /// The largest distance since the last store to the line, that of the store itself not counted.
    var farthestSinceStore: Int32
  }

  /// What an access finds; nil distances mean "never before".
  struct Distance {
    /// Distinct other lines since the last access to the line.
    var sinceAccess: Int?
    /// Of a store: the largest of the distances of the accesses to the line since the last store to it, this one's
    /// included. In a cache of C lines the store finds the line clean, and so begins a residency that will end in a
    /// write-back, exactly where this is at least C or nil.
    var sinceStore: Int?
  }

  private static let never: Int32 = .max

  private var lasts = LineTable(filler: Last(time: 0, farthestSinceStore: 0))
  /// Number of marks in each of the tree's ranges; place 0 is unused.
  private var tree: UnsafeMutablePointer<Int32>
  /// The line whose mark each time is; times whose line has been used again or forgotten hold `.max`.
  private var lines: UnsafeMutablePointer<UInt64>
  private var capacity: Int
  private var now = 0

  /// Distinct lines so far, forgotten ones left out.
  var lineCount: Int { lasts.count }

  init() {
    capacity = 1 << 12
    tree = .allocate(capacity: capacity + 1)
    tree.initialize(repeating: 0, count: capacity + 1)
    lines = .allocate(capacity: capacity)
    lines.initialize(repeating: .max, count: capacity)
  }

  deinit {
    lasts.deallocate()
    tree.deallocate()
    lines.deallocate()
  }

  /// Accesses `line` and says how far back its last access and its last store lie.
  func access(_ line: UInt64, isStore: Bool) -> Distance {
    if now == capacity { renumber() }
    defer { now += 1 }
    guard let last = lasts.find(line) else {
      lasts.add(line, Last(time: Int32(now), farthestSinceStore: isStore ? 0 : StackDistances.never))
      mark(line)
      return Distance()
    }
    let time = Int(last.pointee.time)
    let distance = lasts.count - marks(upTo: time)
    let farthest = max(last.pointee.farthestSinceStore, Int32(distance))
    last.pointee.time = Int32(now)
    last.pointee.farthestSinceStore = isStore ? 0 : farthest
    add(-1, at: time)
    lines[time] = .max
    mark(line)
    return Distance(sinceAccess: distance, sinceStore: farthest == StackDistances.never ? nil : Int(farthest))
  }

  /// Forgets `line`, as if it had never been accessed.
  func forget(_ line: UInt64) {
    guard let last = lasts.find(line) else { return }
    let time = Int(last.pointee.time)
    add(-1, at: time)
    lines[time] = .max
    lasts.remove(line)
  }

  // MARK: - The tree

  private func mark(_ line: UInt64) {
    lines[now] = line
    add(1, at: now)
  }

  @inline(__always)
  private func add(_ change: Int32, at time: Int) {
    var place = time &+ 1
    while place <= capacity {
      tree[place] &+= change
      place &+= place & -place
    }
  }

  /// Marks at times 0...time.
  @inline(__always)
  private func marks(upTo time: Int) -> Int {
    var sum: Int32 = 0
    var place = time &+ 1
    while place > 0 {
      sum &+= tree[place]
      place &= place &- 1
    }
    return Int(sum)
  }

  /// Gives the marks the times from 0 on, in order; leaves at least as many free times as there are marks.
  private func renumber() {
    let old = (lines, capacity)
    while capacity < lasts.count * 2 { capacity *= 2 }
    precondition(capacity < Int(Int32.max), "more than 2^30 distinct lines")
    tree.deallocate()
    tree = .allocate(capacity: capacity + 1)
    tree.initialize(repeating: 0, count: capacity + 1)
    lines = .allocate(capacity: capacity)
    lines.initialize(repeating: .max, count: capacity)
    now = 0
    for time in 0..<old.1 where old.0[time] != .max {
      let line = old.0[time]
      lines[now] = line
      lasts.find(line)?.pointee.time = Int32(now)
      tree[now + 1] = 1
      now += 1
    }
    old.0.deallocate()
    // Every place passes its sum on to the next larger range that contains it: O(n), where n insertions take O(n log n).
    for place in 1...capacity {
      let parent = place + (place & -place)
      if parent <= capacity { tree[parent] += tree[place] }
    }
  }
}
