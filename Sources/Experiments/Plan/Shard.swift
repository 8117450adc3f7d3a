import InputFiles

/// A part of a plan that a machine measures on its own.
///
/// Points go to the parts from the longest to the shortest, each to the part with the least time so far (Graham 1969), so
/// that all parts take about as long. The same plan has the same parts everywhere.
public struct Shard: Equatable, Codable, Sendable {
  /// From 1.
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

  /// The part's points, by id; `seconds` estimates how long one takes.
  func points(of plan: Plan, seconds: (Point) -> Double) -> Set<String> {
    let sorted = plan.points.map { (id: $0.id, seconds: seconds($0)) }
      .sorted { ($0.seconds, $1.id) > ($1.seconds, $0.id) }
    var loads = [Double](repeating: 0, count: count)
    var own: Set<String> = []
    for point in sorted {
      let least = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
      loads[least] += point.seconds
      if least == index - 1 { own.insert(point.id) }
    }
    return own
  }
}
