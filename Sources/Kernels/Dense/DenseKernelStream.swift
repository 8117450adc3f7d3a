import AccessStreams
import CKernels

/// The interpreter that states the accesses of a step list. In fp32, products pack their operands as a BLAS does. In
/// bf16 and int8, weights are packed beforehand; bias and GELU are fused into a bf16 product.
struct DenseKernelStream: DenseKernels {
  let stream: AccessStream
  /// The panels into which the core's library packs the operands of fp32 products.
  let panels: PackedProduct.Panels

  func roundToBF16(_ call: lk_to_bf16) {
    stream.read(address(call.x), bytes: call.count * 4)
    stream.write(address(call.y), bytes: call.count * 2)
  }

  func quantise(_ call: lk_quantise) {
    stream.read(address(call.x), bytes: call.rows * call.columns * 4)
    stream.write(address(call.y), bytes: call.rows * call.columns)
  }

  func multiply(_ product: DenseProduct) {
    let layer = product.layer
    let bias = address(product.bias)
    switch (layer.dtype, layer.finish) {
    case (.bf16, _): stream.read(bias, bytes: layer.n * 4)
    case (.fp32, .bias):
      // The product adds to the bias.
      for row in 0..<product.rows {
        stream.read(bias, bytes: layer.n * 4)
        stream.write(address(product.y) + UInt64(row * layer.n * 4), bytes: layer.n * 4)
      }
    default: break
    }
    PackedProduct(
      m: product.rows, n: layer.n, k: layer.k, operands: OperandType(layer.dtype), resultBytes: layer.resultBytes
    ).emit(
      a: address(product.x), b: address(product.weights), c: address(product.y), cStride: layer.n, packedA: panels.a,
      packedB: panels.b, to: stream)
  }

  func finishGELU(_ call: lk_bias_gelu) {
    for row in 0..<call.rows { passOver(call, row: row) }
  }

  func activate(_ activation: QuantisedActivation) {
    // The row stays in the first-level cache from its sums to its bytes.
    passOver(activation.gelu, row: 0)
    stream.write(address(activation.quantise.y), bytes: activation.quantise.columns)
  }

  private func passOver(_ call: lk_bias_gelu, row: Int) {
    let values = address(call.x) + UInt64(row * call.stride * 4)
    stream.read(address(call.bias), bytes: call.columns * 4)
    stream.read(values, bytes: call.columns * 4)
    stream.write(values, bytes: call.columns * 4)
  }

  func dequantise(_ call: lk_dequantise) {
    for row in 0..<call.rows {
      let values = address(call.y) + UInt64(row * call.y_stride * 4)
      stream.read(address(call.bias), bytes: call.columns * 4)
      stream.read(values, bytes: call.columns * 4)
      stream.write(values, bytes: call.columns * 4)
    }
  }
}
