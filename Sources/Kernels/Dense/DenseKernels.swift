import CKernels

/// The calls of a dense network's steps: micro-kernels with the operands of their C header, and products of a
/// library.
///
/// As with `MicroKernels`, each step is written once as calls of this protocol. `DenseKernelCalls` runs them, and
/// `DenseKernelStream` states their reads and writes.
protocol DenseKernels {
  func roundToBF16(_ call: lk_to_bf16)
  func quantise(_ call: lk_quantise)
  func multiply(_ product: DenseProduct)
  /// Bias and GELU at the end of a library's fp32 product: run within the product's call, but with accesses of their
  /// own.
  func finishGELU(_ call: lk_bias_gelu)
  func activate(_ activation: QuantisedActivation)
  func dequantise(_ call: lk_dequantise)
}

/// One of the layer's two products, y[rows, n] = finish(x[rows, k] weights[n, k]^T), with its bias [n].
struct DenseProduct {
  enum Place { case first, second }

  var place: Place
  var layer: LayerProduct
  var rows: Int
  var x: UnsafeRawPointer
  var weights: UnsafeRawPointer
  var bias: UnsafePointer<Float>
  var y: UnsafeMutableRawPointer
}

/// The conversion of a row of int8 sums to the bytes of the second product's input: to floats, through bias and GELU,
/// to bytes.
struct QuantisedActivation {
  var dequantise: lk_dequantise
  var gelu: lk_bias_gelu
  var quantise: lk_quantise
}

/// The interpreter that runs a step list: every call goes to the micro-kernel or the library that it names.
struct DenseKernelCalls: DenseKernels {
  let kernels: lk_kernels
  /// The products' calls, by their number of rows.
  let products: [Int: (first: any ProductCall, second: any ProductCall)]

  func roundToBF16(_ call: lk_to_bf16) { withUnsafePointer(to: call) { kernels.to_bf16($0) } }
  func quantise(_ call: lk_quantise) { withUnsafePointer(to: call) { kernels.quantise($0) } }
  func dequantise(_ call: lk_dequantise) { withUnsafePointer(to: call) { kernels.dequantise($0) } }

  func multiply(_ product: DenseProduct) {
    // Weights and bias were passed when the calls were prepared.
    guard let calls = products[product.rows] else { return }
    (product.place == .first ? calls.first : calls.second).run(x: product.x, y: product.y)
  }

  func finishGELU(_ call: lk_bias_gelu) {}

  func activate(_ activation: QuantisedActivation) {
    dequantise(activation.dequantise)
    withUnsafePointer(to: activation.gelu) { kernels.bias_gelu($0) }
    quantise(activation.quantise)
  }
}
