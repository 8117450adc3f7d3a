import Foundation

/// The working sets at which a curve over the working set climbs from one level of the hierarchy to the next.
public struct CacheBoundaries: Equatable, Sendable {
  public struct Boundary: Equatable, Sendable {
    /// The largest working set at the cost of the inner level.
    public var lastInside: Int
    /// The smallest working set at the cost of the outer level.
    public var firstOutside: Int
    /// The capacity: the working set whose cost is half way between both levels, on a logarithmic scale.
    public var bytes: Int
    /// The cost of the outer level over that of the inner one.
    public var rise: Double
    /// Index of the first working set beyond half way.
    var index: Int
  }

  /// Boundaries by rising working set.
  public let boundaries: [Boundary]
  /// The measured working sets in bytes, ascending.
  let sizes: [Int]

  /// A rise of less than 4 % from one working set to the next is noise, or the TLB: levels differ by 30 % or more,
  /// spread over at most six sizes even where a shared cache blurs the boundary.
  private static let leastStep = log(1.04)

  /// `costs` are times for the same work: latencies, or the inverse of bandwidths. A climb whose total rise is below
  /// `leastRise` is no boundary.
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

  /// Runs of rising steps, as ranges of points: from the last point before to the first point after.
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

  /// Splits a climb that flattens in between: where a blurred level has no plateau, its middle is at most half as
  /// steep as both sides.
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

  /// The comparison of a curve with one cache level that the operating system reports.
  public struct Verdict: Equatable, Sendable {
    public var name: String
    public var reportedBytes: Int
    /// Nil where the curve does not rise for this level.
    public var boundary: Boundary?
    /// Whether the curve rises within one measured working set of the reported capacity.
    public var agrees: Bool
  }

  /// Matches boundaries with levels, in order, at the least total distance, and compares them.
  public func compare(with levels: [(name: String, bytes: Int)]) -> [Verdict] {
    let matches = Self.match(levels.map(\.bytes), boundaries)
    return zip(levels, matches).map { level, match in
      let boundary = match.map { boundaries[$0] }
      // The first working set larger than the level is the first that should cost more.
      let expected = sizes.firstIndex { $0 > level.bytes } ?? sizes.count
      return Verdict(
        name: level.name, reportedBytes: level.bytes, boundary: boundary,
        agrees: boundary.map { abs($0.index - expected) <= 1 } ?? false)
    }
  }

  /// For each level the index of its boundary: as many matches as possible, each boundary once, in order, with the
  /// least sum of distances in octaves.
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
