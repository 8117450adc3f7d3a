import Support

/// A part of a plan that one machine measures on its own.
///
/// Points are assigned from the longest to the shortest, each to the part with the least time so far (Graham 1969),
/// so that all parts take about as long. The division depends on the plan and the estimates only.
public struct Shard: Equatable, Codable, Sendable {
  /// The number of the part, from 1.
  public var index: Int
  public var count: Int

  public init(index: Int, count: Int) {
    self.index = index
    self.count = count
  }

  /// Reads `2/8`.
  public init(argument: String) throws {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], count >= 1, (1...count).contains(index) else {
      throw InputError(key: "--shard", "expected I/N with I from 1 to N, such as 2/8; found '\(argument)'")
    }
    self.init(index: index, count: count)
  }

  public var argument: String { "\(index)/\(count)" }

  /// The ids of the part's points; `seconds` estimates the time of one.
  ///
  /// Throws `InputError` where there are more parts than points, since some would measure nothing.
  public func points(of plan: Plan, seconds: (Point) -> Double) throws -> Set<String> {
    guard count <= plan.points.count else {
      throw InputError(
        key: "--shard", "expected at most \(plan.points.count) parts, one for each point, found \(CheckedSize(count))")
    }
    return Set(Self.parts(count, of: plan, seconds: seconds)[index - 1].map(\.id))
  }

  /// The points of each of `count` parts, the longest first.
  package static func parts(_ count: Int, of plan: Plan, seconds: (Point) -> Double) -> [[Point]] {
    let sorted = plan.points.map { (point: $0, id: $0.id, seconds: seconds($0)) }
      .sorted { ($0.seconds, $1.id) > ($1.seconds, $0.id) }
    var loads = [Double](repeating: 0, count: count)
    var parts = [[Point]](repeating: [], count: count)
    for entry in sorted {
      let least = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
      loads[least] += entry.seconds
      parts[least].append(entry.point)
    }
    return parts
  }
}
