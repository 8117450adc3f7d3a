import Foundation

/// The working sets at which a curve over the working set climbs from one level of the hierarchy to the next.
public struct CacheBoundaries: Equatable, Sendable {
  public struct Boundary: Equatable, Sendable {
    /// The largest working set that still costs what the inner level costs.
    public var lastInside: Int
    /// The smallest one that costs what the outer level costs.
    public var firstOutside: Int
    /// Where the cost is half way between both, on a logarithmic scale: what the level holds.
    public var bytes: Int
    /// Cost of the inner level over that of the outer one.
    public var rise: Double
    /// Index of the first working set beyond half way.
    var index: Int
  }

  /// Ascending.
  public let boundaries: [Boundary]
  /// The working sets that were measured, ascending.
  let sizes: [Int]

  /// A climb of less than 4 % from one working set to the next is noise, or the TLB: the levels lie apart by 30 % or more,
  /// and spread that over at most six sizes even where a shared cache blurs the edge.
  private static let leastStep = log(1.04)

  /// `costs` are times for the same work: latencies, or the inverse of bandwidths. Climbs of less than `leastRise` in all
  /// are none.
  public init(sizes: [Int], costs: [Double], leastRise: Double) {
    precondition(sizes.count == costs.count)
    self.sizes = sizes
    let clean = CurveCleaning.nonDecreasing(CurveCleaning.withoutLoneOutliers(costs.map { log($0) }))
    let steps = zip(clean, clean.dropFirst()).map { $1 - $0 }
    boundaries = Self.climbs(steps).flatMap { Self.split($0, steps, leastRise: log(leastRise)) }.compactMap { climb in
      let (low, high) = (clean[climb.lowerBound], clean[climb.upperBound])
      guard high - low >= log(leastRise) else { return nil }
      let middle = (low + high) / 2
      let index = (climb.lowerBound...climb.upperBound).first { clean[$0] > middle } ?? climb.upperBound
      let weight = (middle - clean[index - 1]) / (clean[index] - clean[index - 1])
      let bytes = exp(log(Double(sizes[index - 1])) * (1 - weight) + log(Double(sizes[index])) * weight)
      return Boundary(
        lastInside: sizes[climb.lowerBound], firstOutside: sizes[climb.upperBound], bytes: Int(bytes.rounded()),
        rise: exp(high - low), index: index)
    }
  }

  /// Runs of steps that climb, as ranges of points: from the last one before to the first one after.
  private static func climbs(_ steps: [Double]) -> [Range<Int>] {
    var climbs: [Range<Int>] = []
    for (index, step) in steps.enumerated() where step >= leastStep {
      if let last = climbs.last, last.upperBound == index {
        climbs[climbs.count - 1] = last.lowerBound..<index + 1
      } else {
        climbs.append(index..<index + 1)
      }
    }
    return climbs
  }

  /// A climb that nearly stops in between is two: where a blurred level has no flat part, its middle is at least less
  /// steep, by half, than what lies on both sides.
  private static func split(_ climb: Range<Int>, _ steps: [Double], leastRise: Double) -> [Range<Int>] {
    guard climb.count > 2 else { return [climb] }
    let inner = climb.dropFirst().dropLast()
    let valleys = inner.filter { index in
      let (left, right) = (steps[climb.lowerBound..<index], steps[index + 1..<climb.upperBound])
      return steps[index] <= min(left.max() ?? 0, right.max() ?? 0) / 2
        && left.reduce(0, +) >= leastRise && right.reduce(0, +) >= leastRise
    }
    guard let valley = valleys.min(by: { steps[$0] < steps[$1] }) else { return [climb] }
    return split(climb.lowerBound..<valley, steps, leastRise: leastRise)
      + split(valley + 1..<climb.upperBound, steps, leastRise: leastRise)
  }

  // MARK: - Against the operating system

  /// What a curve says about one cache level that the operating system reports.
  public struct Verdict: Equatable, Sendable {
    public var name: String
    public var reportedBytes: Int
    /// Nil where the curve has no climb for this level.
    public var boundary: Boundary?
    /// Whether the curve climbs within one measured working set of where it should.
    public var agrees: Bool
  }

  /// Matches the boundaries with the levels, in order, so that they lie as near to each other as possible, and compares.
  public func compare(with levels: [(name: String, bytes: Int)]) -> [Verdict] {
    let matches = Self.match(levels.map(\.bytes), boundaries)
    return zip(levels, matches).map { level, match in
      let boundary = match.map { boundaries[$0] }
      // The first working set that the level cannot hold is the first that should cost more.
      let expected = sizes.firstIndex { $0 > level.bytes } ?? sizes.count
      return Verdict(
        name: level.name, reportedBytes: level.bytes, boundary: boundary,
        agrees: boundary.map { abs($0.index - expected) <= 1 } ?? false)
    }
  }

  /// For each level the index of its boundary: as many as possible, no two the same, in order, with the least sum of
  /// distances in octaves.
  private static func match(_ levels: [Int], _ boundaries: [Boundary]) -> [Int?] {
    func best(_ level: Int, _ from: Int) -> (missing: Int, distance: Double, matches: [Int?]) {
      guard level < levels.count else { return (0, 0, []) }
      let rest = best(level + 1, from)
      var found = (missing: rest.missing + 1, distance: rest.distance, matches: [nil] + rest.matches)
      for index in boundaries.indices.dropFirst(from) {
        let rest = best(level + 1, index + 1)
        let distance = rest.distance + abs(log2(Double(boundaries[index].bytes) / Double(levels[level])))
        if (rest.missing, distance) < (found.missing, found.distance) {
          found = (rest.missing, distance, [index] + rest.matches)
        }
      }
      return found
    }
    return best(0, 0).matches
  }
}
