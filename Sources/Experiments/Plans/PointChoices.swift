import Kernels

/// How a token becomes hash scores.
public typealias ProjectionKind = LookupFFNShape.Projection

/// The type of a table entry, or of a dense network's products.
public typealias ElementType = TableType

/// Where a lookup point's codes come from; it decides how often rows repeat, hence how well tables cache.
public enum CodeSource: Hashable, Sendable {
  /// Random activations through the layer's random hash: nearly uniform codes, the worst case for a cache.
  case uniform
  /// The activations stored in the layer file.
  case recorded
  /// Rows drawn with probability proportional to 1 / rank^exponent, for each token and table by itself, in place of the rows
  /// that the hash names: the hash still runs (METHODS.md, "Code distributions").
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
  static let exponents = 0.0...10.0
  static let vocabulary = "uniform, recorded or zipf(s) with s from 0 to 10"
}

/// The instruction-set path that a point asks for.
public enum ISARequest: String, CaseIterable, Codable, Sendable {
  /// The widest path that this CPU has.
  case auto, avx512, avx2, neon, scalar

  /// Nil for `auto`.
  public var isa: ISA? { ISA(rawValue: rawValue) }
}

/// In which order the points of a plan run.
public enum RunOrder: String, CaseIterable, Codable, Sendable {
  /// Shuffled with the experiment's seed, so that drift of the machine (heat, neighbours) does not line up with an axis.
  case random
  /// As the experiment file lists them.
  case asWritten = "as-written"
}
