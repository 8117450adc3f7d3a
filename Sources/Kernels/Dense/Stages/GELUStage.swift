import AccessStreams
import CKernels

/// Bias and GELU of the intermediate features: a pass of its own in fp32, fused into the first product in bf16, and
/// in int8 a pass that turns sums into bytes.
public enum GELUStage: DenseStage {
  public static let name = "bias and GELU"

  static func account(_ shape: DenseFFNShape, _ type: TableType) -> StageAccount {
    let ff = Double(shape.intermediate)
    return StageAccount(
      stage: name,
      // Bias, division by sqrt 2, erf, 1 +, and two products.
      flops: (6 + type.scalingFlops + type.quantisationFlops) * ff,
      activationBytes: ff * (type.sumBytes + Double(type.bytes)), weightBytes: ff * Double(MemoryLayout<Float>.stride))
  }

  static func work(_ shape: DenseFFNShape, _ type: TableType, tokens: Int) -> PhaseWork {
    let ff = Double(shape.intermediate) * Double(tokens)
    // bias, |x|, the argument, t (a division, worth about 10), 4 multiply-adds, exp (6 and 7), and 5 to combine.
    var work = PhaseWork(
      name: name, multiplyAdds: 11 * ff, otherOperations: 26 * ff,
      // The chain of one value: bias, |x|, a division, the exponential of 12 steps or the polynomial beside it, and 2
      // to combine.
      chains: Chains(steps: 16 * ff, operations: 34))
    switch type {
    case .fp32:
      work.loadBytes = 8 * ff
      work.storeBytes = 4 * ff
    case .bf16:
      // Rounding, as in the first product. It is fused with the product and moves no bytes of its own.
      work.otherOperations += 4 * ff
    case .int8:
      // Converting a sum to a float: the zero point, conversion, the scale and the value; it is written and read once
      // more. Then it is quantised, as in the first product.
      work.otherOperations += (6 + 4) * ff
      work.loadBytes = (3 * 4 + 4 + 4 + 2 * 4) * ff
      work.storeBytes = (2 * 4 + Double(type.bytes)) * ff
    }
    return work
  }

  static func perform(_ tile: Range<Int>, of pass: DensePass, on kernels: some DenseKernels) {
    let (ff, arrays) = (pass.shape.intermediate, pass.arrays)
    let values = arrays.intermediate.assumingMemoryBound(to: Float.self)
    switch pass.dtype {
    case .fp32:
      kernels.finishGELU(
        lk_bias_gelu(x: values, stride: ff, rows: tile.count, columns: ff, bias: arrays.matrix1.bias))
    case .bf16: break
    case .int8:
      // Row by row, so that a row stays in the first-level cache from its sums to its bytes.
      for row in 0..<tile.count {
        let sums = values + row * ff
        kernels.activate(
          QuantisedActivation(
            dequantise: pass.dequantise(
              sums, rows: 1, columns: ff, by: arrays.inputScales.map { $0 + row }, arrays.matrix1, bias: nil),
            gelu: lk_bias_gelu(x: sums, stride: ff, rows: 1, columns: ff, bias: arrays.matrix1.bias),
            quantise: lk_quantise(
              x: sums, x_stride: ff, y: arrays.quantised.assumingMemoryBound(to: UInt8.self) + row * ff, y_stride: ff,
              scales: arrays.scales.map { $0 + row }, rows: 1, columns: ff)))
      }
    }
  }
}
