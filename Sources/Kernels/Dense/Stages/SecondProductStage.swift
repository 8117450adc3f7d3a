import AccessStreams
import CKernels

/// The product from intermediate features to the output, with its bias.
public enum SecondProductStage: DenseStage {
  public static let name = "second product"

  static func account(_ shape: DenseFFNShape, _ type: TableType) -> StageAccount {
    let float = Double(MemoryLayout<Float>.stride)
    let element = Double(type.bytes)
    let d = Double(shape.hidden)
    let ff = Double(shape.intermediate)
    return StageAccount(
      // int8: one multiplication for each sum.
      stage: name, flops: 2 * d * ff + (1 + type.scalingFlops) * d, activationBytes: ff * element + d * float,
      weightBytes: d * ff * element + d * (float + Double(type.scaleBytes)))
  }

  static func work(_ shape: DenseFFNShape, _ type: TableType, tokens: Int) -> PhaseWork {
    let d = Double(shape.hidden) * Double(tokens)
    let ff = Double(shape.intermediate) * Double(tokens)
    var work = PackedProduct.work(
      name: name, multiplyAdds: Double(shape.hidden) * ff, operands: OperandType(type))
    if type == .int8 {
      // Converting a sum to a float, as in GELU.
      work.otherOperations += 4 * d
      work.loadBytes += 4 * 4 * d
      work.storeBytes += 4 * d
    }
    return work
  }

  static func perform(_ tile: Range<Int>, of pass: DensePass, on kernels: some DenseKernels) {
    let (d, arrays) = (pass.shape.hidden, pass.arrays)
    let y = arrays.output + tile.lowerBound * d
    kernels.multiply(
      DenseProduct(
        place: .second, layer: pass.products.second, rows: tile.count,
        x: UnsafeRawPointer(pass.dtype == .int8 ? arrays.quantised : arrays.intermediate),
        weights: arrays.matrix2.weights, bias: arrays.matrix2.bias, y: UnsafeMutableRawPointer(y)))
    // The output elements are as wide as the sums.
    if pass.dtype == .int8 {
      kernels.dequantise(
        pass.dequantise(
          y, rows: tile.count, columns: d, by: arrays.scales, arrays.matrix2, bias: arrays.matrix2.bias))
    }
  }
}
