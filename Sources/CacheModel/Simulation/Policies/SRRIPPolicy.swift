/// Static re-reference interval prediction with hit priority and two bits a line (Jaleel et al., ISCA 2010).
///
/// A new line is predicted to be used again only after a long interval, and a hit predicts an immediate use. The
/// first line predicted to be used in the distant future is displaced. So scans do not displace lines that have been
/// used again.
enum SRRIPPolicy: ReplacementPolicy {
  private static let immediate: UInt8 = 0
  private static let long: UInt8 = 2
  private static let distant: UInt8 = 3

  static func stateBytes(ways: Int) -> Int { ways }

  @inline(__always)
  static func use(_ set: CacheSet, way: Int) -> Int {
    set.state[way] = immediate
    return way
  }

  @inline(__always)
  static func insert(_ entry: CacheEntry, into set: CacheSet) -> CacheEntry {
    let way = set.firstEmptyWay() ?? victim(set)
    let displaced = set.entries[way]
    set.entries[way] = entry
    set.state[way] = long
    return displaced
  }

  static func remove(_ set: CacheSet, way: Int) {
    set.entries[way] = .empty
  }

  /// Ages all lines at once until one is predicted distant: the paper's loop in one step.
  private static func victim(_ set: CacheSet) -> Int {
    var oldest: UInt8 = 0
    for way in 0..<set.ways { oldest = max(oldest, set.state[way]) }
    let age = distant - oldest
    var victim = set.ways
    for way in (0..<set.ways).reversed() {
      set.state[way] += age
      if set.state[way] == distant { victim = way }
    }
    return victim
  }
}
