import Machines
import Support

/// The measure by which an exploration ranks machines; more is better.
public enum ExplorationMetric: String, CaseIterable, Sendable, Encodable {
  /// Throughput of look-ups over their dense baseline, on the point's threads.
  case speedup
  /// The same ratio with every core of the socket busy.
  case socketSpeedup = "socket-speedup"
  /// Tokens/s of the look-ups, on the point's threads.
  case tokens
  case socketTokens = "socket-tokens"

  init(named name: String) throws {
    guard let metric = ExplorationMetric(rawValue: name) else {
      let names = ExplorationMetric.allCases.map(\.rawValue)
      let hint = nearestName(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
      throw InputError("expected a measure (\(names.joined(separator: ", "))), found '\(name)'\(hint)")
    }
    self = metric
  }

  /// Whether the metric needs a dense baseline.
  public var isRelative: Bool { self == .speedup || self == .socketSpeedup }

  /// The title of the metric on an axis.
  public var title: String {
    switch self {
    case .speedup: "speed-up over dense (times)"
    case .socketSpeedup: "speed-up over dense, whole socket (times)"
    case .tokens: "tokens/s"
    case .socketTokens: "tokens/s, whole socket"
    }
  }
}

/// A projected quantity with the machine's uncertain figures at their bad end, as stated, and at their good end.
public struct ProjectedValue: Equatable, Sendable {
  public var low: Double
  public var expected: Double
  public var high: Double

  /// The value of one projection.
  init(_ low: Double, _ expected: Double, _ high: Double) {
    (self.low, self.expected, self.high) = (min(low, expected, high), expected, max(low, expected, high))
  }

  /// A ratio on one machine. Figures move for both operands together, so each end is the ratio at the same corner.
  static func / (a: ProjectedValue, b: ProjectedValue) -> ProjectedValue {
    ProjectedValue(a.low / b.low, a.expected / b.expected, a.high / b.high)
  }
}
