/// The source of a look-up's codes. It decides how often rows repeat, and so how well tables cache.
public enum CodeSource: Hashable, Sendable {
  /// Random activations through the layer's random hash: nearly uniform codes, the worst case for a cache.
  case uniform
  /// The activations stored in the layer file.
  case recorded
  /// Rows drawn with probability proportional to 1 / rank^exponent, independently for each token and table, in place
  /// of the hash's codes; the hash still runs (docs/reference/methods.md, "Code distributions").
  case zipf(exponent: Double)
}

/// The form in an experiment file: `uniform`, `recorded`, `zipf(1.2)`.
extension CodeSource: RawRepresentable, Codable {
  public init?(rawValue: String) {
    switch rawValue {
    case "uniform": self = .uniform
    case "recorded": self = .recorded
    default:
      guard rawValue.hasPrefix("zipf("), rawValue.hasSuffix(")"),
        let exponent = Double(rawValue.dropFirst("zipf(".count).dropLast()), Self.exponents.contains(exponent)
      else { return nil }
      self = .zipf(exponent: exponent)
    }
  }

  public var rawValue: String {
    switch self {
    case .uniform: return "uniform"
    case .recorded: return "recorded"
    case .zipf(let exponent):
      return "zipf(\(exponent == exponent.rounded() ? "\(Int(exponent))" : "\(exponent)"))"
    }
  }

  /// At 0 all rows are equally likely; beyond 10 nearly all tokens share one row of a table.
  private static let exponents = 0.0...10.0

  static let form = TextForm(
    "uniform, recorded or zipf(s) with s from 0 to 10", pattern: #"^(uniform|recorded|zipf\([0-9.]+\))$"#
  ) { CodeSource(rawValue: $0)?.rawValue }
}
