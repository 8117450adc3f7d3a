import Kernels

/// The type of a table entry, or of a dense network's products.
public typealias ElementType = TableType

/// The instruction set that a point asks for.
public enum ISARequest: String, CaseIterable, Codable, Sendable {
  /// The widest one that this CPU has.
  case auto, avx512, avx2, neon, scalar

  /// Nil for `auto`.
  public var isa: ISA? { ISA(rawValue: rawValue) }
}

/// The order in which the points of a plan run.
public enum RunOrder: String, CaseIterable, Codable, Sendable {
  /// Shuffled with the experiment's seed, so that drift of the machine (heat, other load) does not line up with an
  /// axis.
  case random
  /// In the order of the experiment file.
  case asWritten = "as-written"
}
