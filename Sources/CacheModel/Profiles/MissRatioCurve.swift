/// The miss ratio of a fully associative LRU cache as a function of its capacity: a falling staircase.
public struct MissRatioCurve: Equatable, Sendable {
  public struct Point: Equatable, Sendable {
    /// Capacity in lines; the ratio holds up to the next point's capacity.
    public var lines: Int
    public var missRatio: Double

    public init(lines: Int, missRatio: Double) {
      self.lines = lines
      self.missRatio = missRatio
    }
  }

  /// Every capacity at which the ratio changes, rising, from 1 line on. Empty without accesses.
  public let points: [Point]

  public init(_ histogram: DistanceHistogram) {
    let total = histogram.total
    guard total > 0 else {
      points = []
      return
    }
    var missing = total
    var points: [Point] = []
    if histogram.bins.first?.distance != 0 { points.append(Point(lines: 1, missRatio: 1)) }
    for bin in histogram.bins {
      missing -= bin.count
      // An estimate may exceed the total at small distances; a ratio is bounded by 0 and 1.
      points.append(Point(lines: bin.distance + 1, missRatio: min(1, max(0, missing / total))))
    }
    // Cold misses remain at the end. Sums of many fractions have a rounding error that whole counts do not have.
    if let last = points.last { points[points.count - 1].missRatio = min(last.missRatio, histogram.cold / total) }
    self.points = points
  }

  /// The miss ratio at a capacity of `lines` lines, at least 1. O(log n).
  public func missRatio(lines: Int) -> Double {
    var (low, high) = (0, points.count)
    while low < high {
      let middle = (low + high) / 2
      if points[middle].lines <= lines { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? points[low - 1].missRatio : 1
  }

  /// The curve in at most about `perOctave` points an octave of capacity, and at every power of two, for readers,
  /// plots and files. The points that it keeps are exact.
  public func thinned(perOctave: Int = 64) -> [Point] {
    guard let last = points.last else { return [] }
    var wanted = Set<Int>()
    var power = 1
    while power <= last.lines {
      wanted.insert(power)
      let step = max(1, power / perOctave)
      for capacity in stride(from: power, to: min(2 * power, last.lines), by: step) { wanted.insert(capacity) }
      power *= 2
    }
    wanted.insert(last.lines)
    return wanted.sorted().map { Point(lines: $0, missRatio: missRatio(lines: $0)) }
  }
}
