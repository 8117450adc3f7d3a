import Kernels

/// How a token becomes hash scores.
public typealias ProjectionKind = LookupFFNShape.Projection

/// The type of a table entry, or of a dense network's products.
public typealias ElementType = TableType

/// Where a lookup point's codes come from; it decides how often rows repeat, hence how well tables cache.
public enum CodeSource: String, CaseIterable, Codable, Sendable {
  /// Random activations through the layer's random hash: nearly uniform codes, the worst case for a cache.
  case uniform
  /// The activations stored in the layer file.
  case recorded
}

/// The instruction-set path that a point asks for.
public enum ISARequest: String, CaseIterable, Codable, Sendable {
  /// The widest path that this CPU has.
  case auto, avx512, avx2, neon, scalar

  /// Nil for `auto`.
  public var isa: ISA? { ISA(rawValue: rawValue) }
}
