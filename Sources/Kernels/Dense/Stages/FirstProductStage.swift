import AccessStreams
import CKernels

/// The product from features to intermediate features, with the rounding of its input.
public enum FirstProductStage: DenseStage {
  public static let name = "first product"

  static func account(_ shape: DenseFFNShape, _ type: TableType) -> StageAccount {
    let float = Double(MemoryLayout<Float>.stride)
    let d = Double(shape.hidden)
    let ff = Double(shape.intermediate)
    return StageAccount(
      stage: name,
      // int8: |x|, the largest, a product and rounding for each quantised element.
      flops: 2 * d * ff + type.quantisationFlops * d, activationBytes: d * float + ff * type.sumBytes,
      weightBytes: d * ff * Double(type.bytes) + ff * Double(type.scaleBytes))
  }

  static func work(_ shape: DenseFFNShape, _ type: TableType, tokens: Int) -> PhaseWork {
    let d = Double(shape.hidden) * Double(tokens)
    let ff = Double(shape.intermediate) * Double(tokens)
    var work = PackedProduct.work(
      name: name, multiplyAdds: Double(shape.hidden) * ff, operands: OperandType(type),
      resultBytes: shape.products(type).first.resultBytes)
    switch type {
    case .fp32: break
    case .bf16:
      // Rounding a float takes four integer operations: a shift, a mask and two sums.
      work.otherOperations += 4 * d
      work.loadBytes += 4 * d
      work.storeBytes += 2 * d
    case .int8:
      // Quantising a float: |x| and the largest, a product, the rounding sum, the zero point, narrowing; it is read twice.
      work.otherOperations += 6 * d
      work.loadBytes += 8 * d
      work.storeBytes += d
    }
    return work
  }

  static func perform(_ tile: Range<Int>, of pass: DensePass, on kernels: some DenseKernels) {
    let (d, arrays) = (pass.shape.hidden, pass.arrays)
    let x = arrays.input + tile.lowerBound * d
    switch pass.dtype {
    case .fp32: break
    case .bf16:
      let halves = arrays.tileInput.assumingMemoryBound(to: UInt16.self)
      kernels.roundToBF16(lk_to_bf16(x: x, y: halves, count: tile.count * d))
    case .int8:
      kernels.quantise(
        lk_quantise(
          x: x, x_stride: d, y: arrays.tileInput.assumingMemoryBound(to: UInt8.self), y_stride: d,
          scales: arrays.inputScales, rows: tile.count, columns: d))
    }
    kernels.multiply(
      DenseProduct(
        place: .first, layer: pass.products.first, rows: tile.count,
        x: pass.dtype == .fp32 ? UnsafeRawPointer(x) : UnsafeRawPointer(arrays.tileInput),
        weights: arrays.matrix1.weights, bias: arrays.matrix1.bias, y: arrays.intermediate))
  }
}

extension TableType {
  /// FLOPs of quantising an element, and of scaling a sum; 0 except for int8.
  var quantisationFlops: Double { self == .int8 ? 4 : 0 }
  var scalingFlops: Double { self == .int8 ? 1 : 0 }

  /// Bytes of an element that the first product writes and GELU reads: a sum in int8, else the feature itself.
  var sumBytes: Double { self == .int8 ? Double(MemoryLayout<Float>.stride) : Double(bytes) }
}
