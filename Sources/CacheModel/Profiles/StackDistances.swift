/// LRU stack distances of a stream of lines, exactly and in one pass.
///
/// The stack distance of an access is the number of distinct other lines since the last access to the same line (Mattson
/// et al., "Evaluation techniques for storage hierarchies", IBM Systems Journal 9(2), 1970). An LRU cache of C lines, fully
/// associative, hits exactly where it is below C.
///
/// Every line has a mark at the time of its last access, and the distance is the number of marks after the line's own. Marks
/// are bits; a Fenwick tree over blocks of them counts those of whole blocks (Bennett and Kruskal, "LRU stack processing", IBM
/// J. Res. Dev. 19(4), 1975), so that an access takes O(log n) time for n distinct lines, and one that comes again soon only
/// looks at the few words between. Times are renumbered when they run out, so memory is O(n) too.
final class StackDistances {
  /// The record of a line.
  private struct Last {
    var time: Int32
    /// The largest distance since the last store to the line, excluding that of the store itself.
    var farthestSinceStore: Int32
  }

  /// The distances of an access; nil means that the line was never accessed or stored to before.
  struct Distance {
    /// Distinct other lines since the last access to the line.
    var sinceAccess: Int?
    /// For a store, the largest of the distances of the accesses to the line since the last store to it, including
    /// this one. In a cache of C lines the store finds the line clean, and so begins a residency that ends in a
    /// write-back, exactly where this is at least C or nil.
    var sinceStore: Int?
  }

  private static let never: Int32 = .max

  // Checking these for overlapping accesses would cost much of a profile's time; only this class touches them, one at
  // a time.
  @exclusivity(unchecked) private var lastAccesses = LineTable(filler: Last(time: 0, farthestSinceStore: 0))
  @exclusivity(unchecked) private var marks: Marks
  /// The line whose mark lies at each time, where there is one.
  @exclusivity(unchecked) private var lines: UnsafeMutablePointer<UInt64>
  @exclusivity(unchecked) private var now = 0

  /// Distinct lines so far, without forgotten ones.
  var lineCount: Int { lastAccesses.count }

  init() {
    marks = Marks(capacity: 1 << 12)
    lines = .allocate(capacity: marks.capacity)
  }

  deinit {
    lastAccesses.deallocate()
    marks.deallocate()
    lines.deallocate()
  }

  /// Accesses `line` and returns how far back its last access and its last store lie.
  func access(_ line: UInt64, isStore: Bool) -> Distance {
    if now == marks.capacity { renumber() }
    defer { now &+= 1 }
    lines[now] = line
    guard let last = lastAccesses.find(line) else {
      lastAccesses.add(line, Last(time: Int32(now), farthestSinceStore: isStore ? 0 : StackDistances.never))
      marks.add(now)
      return Distance()
    }
    let time = Int(last.pointee.value.time)
    let distance = marks.count(after: time, before: now, of: lastAccesses.count)
    let farthest = max(last.pointee.value.farthestSinceStore, Int32(truncatingIfNeeded: distance))
    last.pointee.value.time = Int32(truncatingIfNeeded: now)
    last.pointee.value.farthestSinceStore = isStore ? 0 : farthest
    marks.move(time, to: now)
    return Distance(sinceAccess: distance, sinceStore: farthest == StackDistances.never ? nil : Int(farthest))
  }

  /// Forgets `line`, as if it had never been accessed.
  func forget(_ line: UInt64) {
    guard let last = lastAccesses.find(line) else { return }
    marks.remove(Int(last.pointee.value.time))
    lastAccesses.remove(line)
  }

  /// Renumbers the marks from time 0 on, in order. At least as many times are free afterwards as there are marks.
  private func renumber() {
    var capacity = marks.capacity
    while capacity < lastAccesses.count * 2 { capacity *= 2 }
    precondition(capacity < Int(Int32.max), "more than 2^30 distinct lines")
    let old = lines
    lines = .allocate(capacity: capacity)
    now = 0
    marks.forEach { time in
      lines[now] = old[time]
      lastAccesses.find(old[time])?.pointee.value.time = Int32(now)
      now += 1
    }
    old.deallocate()
    marks.deallocate()
    marks = Marks(capacity: capacity, first: now)
  }
}

/// A set of times, as bits, that counts its members after a time.
private struct Marks {
  /// Times that fit. A whole number of blocks.
  let capacity: Int
  private let words: UnsafeMutablePointer<UInt64>
  /// Number of marks in each of a Fenwick tree's ranges of blocks; place 0 is unused.
  private let tree: UnsafeMutablePointer<Int32>

  /// Words of a block: one cache line, so that counting within a block waits for memory once.
  private static let blockWords = 8
  /// Shift from a time to the number of its block, which covers 512 times.
  private static let blockShift = 9
  /// Up to this number of words, counting words one by one is faster than walking the tree.
  private static let fewWords = 16

  private var blocks: Int { capacity &>> Marks.blockShift }

  /// A set with marks at the times from 0 up to `first`. The owner calls `deallocate` once, as the last call.
  init(capacity: Int, first: Int = 0) {
    self.capacity = capacity
    words = .allocate(capacity: capacity / 64)
    words.initialize(repeating: 0, count: capacity / 64)
    for word in 0..<(first / 64) { words[word] = .max }
    if first % 64 > 0 { words[first / 64] = (1 << UInt64(first % 64)) - 1 }
    let blocks = capacity >> Marks.blockShift
    tree = .allocate(capacity: blocks + 1)
    tree.initialize(repeating: 0, count: blocks + 1)
    for block in 0..<blocks {
      for word in 0..<Marks.blockWords {
        tree[block + 1] += Int32(words[block * Marks.blockWords + word].nonzeroBitCount)
      }
    }
    // Every place adds its sum to the next larger range that contains it: O(n), where n insertions would take O(n log
    // n).
    for place in 1...blocks {
      let parent = place + (place & -place)
      if parent <= blocks { tree[parent] += tree[place] }
    }
  }

  func deallocate() {
    words.deallocate()
    tree.deallocate()
  }

  @inline(__always)
  func add(_ time: Int) {
    words[time &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: time & 63)
    count(1, time)
  }

  @inline(__always)
  func remove(_ time: Int) {
    words[time &>> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: time & 63))
    count(-1, time)
  }

  @inline(__always)
  func move(_ time: Int, to other: Int) {
    words[time &>> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: time & 63))
    words[other &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: other & 63)
    // A move within a block leaves the tree unchanged.
    guard time &>> Marks.blockShift != other &>> Marks.blockShift else { return }
    count(-1, time)
    count(1, other)
  }

  /// Marks later than `time`. `all` is the number of marks, and none lies at `end` or later.
  @inline(__always)
  func count(after time: Int, before end: Int, of all: Int) -> Int {
    var word = time &>> 6
    var count = ((words[word] &>> UInt64(truncatingIfNeeded: time & 63)) &>> 1).nonzeroBitCount
    let last = (end &- 1) &>> 6
    let isNear = last &- word <= Marks.fewWords
    let blockEnd = (word & ~(Marks.blockWords &- 1)) &+ Marks.blockWords &- 1
    let stop = isNear ? last : blockEnd
    word &+= 1
    while word <= stop {
      count &+= words[word].nonzeroBitCount
      word &+= 1
    }
    return isNear ? count : count &+ all &- upTo(block: time &>> Marks.blockShift)
  }

  /// Calls `body` with every marked time, rising.
  func forEach(_ body: (Int) -> Void) {
    for word in 0..<(capacity / 64) {
      var bits = words[word]
      while bits != 0 {
        body(word * 64 + bits.trailingZeroBitCount)
        bits &= bits &- 1
      }
    }
  }

  @inline(__always)
  private func count(_ change: Int32, _ time: Int) {
    var place = (time &>> Marks.blockShift) &+ 1
    let most = blocks
    while place <= most {
      tree[place] &+= change
      place &+= place & -place
    }
  }

  /// Marks in blocks 0...block.
  @inline(__always)
  private func upTo(block: Int) -> Int {
    var sum: Int32 = 0
    var place = block &+ 1
    while place > 0 {
      sum &+= tree[place]
      place &= place &- 1
    }
    return Int(sum)
  }
}
