/// The type that the products of a look-up's hash multiply. Sums, the Walsh-Hadamard transform, the mix, codes and
/// scores are fp32 in either.
public enum HashType: String, CaseIterable, Codable, Sendable {
  case fp32
  /// Weights and the input of every product are rounded to bf16, to nearest, ties to even. BH4 rounds its weights as they are
  /// multiplied, with the transform's stages inside a block folded into them (`foldedBH4`).
  case bf16

  /// The same as the type of a product's operands.
  public var element: TableType { self == .bf16 ? .bf16 : .fp32 }
}
