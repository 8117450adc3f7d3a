import CKernels
import Support

/// The BH4 factors with the linear, constant steps folded into them, in the layout of the parameters: [repeats, 4,
/// blocks, block (output), block (input)].
///
/// H_D = H_(D/b) (x) H_b, so the transform's stages inside a block of size b are a product with H_b, which is folded into
/// the block's weights here; only the stages across blocks remain at run time. The chain's share of the mix is folded
/// into its last factor. Both are done in double precision and rounded once.
func foldedBH4(_ parameters: LookupFFNParameters) -> [Float] {
  let shape = parameters.shape
  let size = shape.blockSize
  var folded = [Float](repeating: 0, count: parameters.hashWeight.count)
  for chain in 0..<shape.repeats {
    for factor in 0..<LookupFFNShape.factors {
      let share = factor == LookupFFNShape.factors - 1 ? Double(parameters.chainShare) : 1
      for block in 0..<shape.blocks {
        let base = ((chain * LookupFFNShape.factors + factor) * shape.blocks + block) * size * size
        for i in 0..<size {
          var column = (0..<size).map { Double(parameters.hashWeight[base + $0 * size + i]) }
          walshHadamard(&column)
          for o in 0..<size { folded[base + o * size + i] = Float(column[o] * share) }
        }
      }
    }
  }
  return folded
}

/// Packs folded factors for `lk_block_product`.
func packBH4(_ folded: [Float], shape: LookupFFNShape) -> [Float] {
  let size = shape.blockSize
  let pack = min(Int(LK_OUTPUT_PACK), size)
  var packed = [Float](repeating: 0, count: folded.count)
  for base in stride(from: 0, to: folded.count, by: size * size) {
    for o in 0..<size {
      for i in 0..<size { packed[base + (o / pack * size + i) * pack + o % pack] = folded[base + o * size + i] }
    }
  }
  return packed
}

/// Rounds folded factors to bf16 and packs them in pairs of inputs for `lk_block_product_bf16`. Throws `InputError`
/// where a value is infinite, NaN, or beyond bf16's largest.
func packBH4Pairs(_ folded: [Float], shape: LookupFFNShape) throws -> [UInt16] {
  let size = shape.blockSize
  let half = shape.inputPairs
  let pack = min(Int(LK_BF16_OUTPUT_PACK), size)
  let rounded = try roundedBH4(folded, shape: shape)
  var packed = [UInt16](repeating: 0, count: shape.pairedWeights)
  for block in 0..<folded.count / (size * size) {
    for o in 0..<size {
      for i in 0..<size {
        let pair = block * size * half + (o / pack * half + i / 2) * pack + o % pack
        packed[2 * pair + i % 2] = UInt16(rounded[(block * size + o) * size + i].bitPattern >> 16)
      }
    }
  }
  return packed
}

/// Folded factors rounded to bf16, as floats.
func roundedBH4(_ folded: [Float], shape: LookupFFNShape) throws -> [Float] {
  try RoundedMatrix(
    folded, rows: folded.count / shape.blockSize, type: .bf16, name: "hash.projection.weight"
  ).values
}

extension LookupFFNShape {
  /// Pairs of inputs of a block; the last input of an odd block has no partner.
  var inputPairs: Int { (blockSize + 1) / 2 }

  /// bf16 numbers that the paired weights of all factors take.
  var pairedWeights: Int { repeats * LookupFFNShape.factors * paddedHidden * inputPairs * 2 }
}
