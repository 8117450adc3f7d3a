/// A value for each line, by its number: an open-addressing hash table with linear probing. A dictionary would take
/// most of a profile's time. Look-up, insertion and removal take O(1) expected time.
struct LineTable<Value> {
  struct Entry {
    fileprivate(set) var line: UInt64
    var value: Value
  }

  private var entries: UnsafeMutablePointer<Entry>
  /// The number of places, a power of two.
  private var capacity: Int
  private(set) var count = 0
  private let filler: Value
  /// No line has this number: an address has fewer bits.
  private static var free: UInt64 { .max }

  /// `filler` fills free places; its value does not matter.
  init(filler: Value, capacity: Int = 1 << 12) {
    self.filler = filler
    self.capacity = capacity
    entries = .allocate(capacity: capacity)
    entries.initialize(repeating: Entry(line: LineTable.free, value: filler), count: capacity)
  }

  /// The owner calls this once, as the last call.
  func deallocate() { entries.deallocate() }

  /// The entry of `line`, whose value may be read and written until the table next changes; nil if the table lacks
  /// the line.
  @inline(__always)
  func find(_ line: UInt64) -> UnsafeMutablePointer<Entry>? {
    var place = home(of: line)
    while entries[place].line != line {
      if entries[place].line == LineTable.free { return nil }
      place = (place &+ 1) & (capacity &- 1)
    }
    return entries + place
  }

  /// Adds a line that the table lacks.
  mutating func add(_ line: UInt64, _ value: Value) {
    // At most half full, so that probes stay short.
    if count * 2 >= capacity { grow() }
    place(Entry(line: line, value: value))
    count += 1
  }

  /// Removes `line`, if it is there, and closes the gap in its chain of probes.
  mutating func remove(_ line: UInt64) {
    var gap = home(of: line)
    while entries[gap].line != line {
      if entries[gap].line == LineTable.free { return }
      gap = (gap + 1) & (capacity - 1)
    }
    var next = (gap + 1) & (capacity - 1)
    while entries[next].line != LineTable.free {
      let distance = (next - home(of: entries[next].line)) & (capacity - 1)
      if distance >= (next - gap) & (capacity - 1) {
        entries[gap] = entries[next]
        gap = next
      }
      next = (next + 1) & (capacity - 1)
    }
    entries[gap] = Entry(line: LineTable.free, value: filler)
    count -= 1
  }

  /// Fibonacci hashing: the top bits of the product with 2^64 / golden ratio.
  @inline(__always)
  private func home(of line: UInt64) -> Int {
    Int(truncatingIfNeeded: (line &* 0x9E37_79B9_7F4A_7C15) &>> UInt64(64 &- capacity.trailingZeroBitCount))
  }

  private func place(_ entry: Entry) {
    var place = home(of: entry.line)
    while entries[place].line != LineTable.free { place = (place &+ 1) & (capacity &- 1) }
    entries[place] = entry
  }

  private mutating func grow() {
    let old = (entries, capacity)
    capacity *= 2
    entries = .allocate(capacity: capacity)
    entries.initialize(repeating: Entry(line: LineTable.free, value: filler), count: capacity)
    for index in 0..<old.1 where old.0[index].line != LineTable.free { place(old.0[index]) }
    old.0.deallocate()
  }
}
