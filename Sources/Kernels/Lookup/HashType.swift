/// The operand type of the products of a look-up's hash. Sums, the Walsh-Hadamard transform, the mix, codes and
/// scores are fp32 with both types.
public enum HashType: String, CaseIterable, Codable, Sendable {
  case fp32
  /// Weights and the input of every product are rounded to bf16, to nearest, ties to even. BH4 rounds its weights
  /// after the transform's stages inside a block have been folded into them (`foldedBH4`).
  case bf16

  /// The same type as an element type.
  public var element: TableType { self == .bf16 ? .bf16 : .fp32 }
}
