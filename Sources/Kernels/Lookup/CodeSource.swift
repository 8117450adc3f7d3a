/// Where a look-up's codes come from; it decides how often rows repeat, hence how well tables cache.
public enum CodeSource: Hashable, Sendable {
  /// Random activations through the layer's random hash: nearly uniform codes, the worst case for a cache.
  case uniform
  /// The activations stored in the layer file.
  case recorded
  /// Rows drawn with probability proportional to 1 / rank^exponent, for each token and table by itself, in place of the rows
  /// that the hash names: the hash still runs (docs/reference/methods.md, "Code distributions").
  case zipf(exponent: Double)
}

/// As an experiment file says it: `uniform`, `recorded`, `zipf(1.2)`.
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

  /// At 0 all rows are alike; beyond 10 all tokens share one row of a table.
  private static let exponents = 0.0...10.0

  static let form = TextForm(
    "uniform, recorded or zipf(s) with s from 0 to 10", pattern: #"^(uniform|recorded|zipf\([0-9.]+\))$"#
  ) { CodeSource(rawValue: $0)?.rawValue }
}
