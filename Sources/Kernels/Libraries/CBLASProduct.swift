import CKernels

/// A product through plain library calls, with a pass of our own for the steps that the library does not fuse.
final class CBLASProduct: PreparedProduct {
  /// C[rows, n] = A[rows, k] W[n, k]^T + beta C; `C` is fp32, or 32-bit sums for int8 operands.
  typealias Multiply = (
    _ rows: Int, _ a: UnsafeRawPointer, _ beta: Float, _ c: UnsafeMutableRawPointer
  ) -> Void

  private let product: LayerProduct
  private let bias: UnsafePointer<Float>?
  private let kernels: lk_kernels
  private let multiply: Multiply

  init(_ product: LayerProduct, bias: UnsafePointer<Float>?, kernels: lk_kernels, multiply: @escaping Multiply) {
    self.product = product
    self.bias = bias
    self.kernels = kernels
    self.multiply = multiply
  }

  func call(rows: Int, memory: any MemorySource, role: MemoryRole) throws -> any ProductCall {
    // Sums that are rounded at the end need scratch before it.
    Call(self, rows: rows, sums: product.roundsResult ? try memory.floats(rows * product.n, for: role) : nil)
  }

  private final class Call: ProductCall {
    private let prepared: CBLASProduct
    private let rows: Int
    private let sums: FloatBuffer?

    init(_ prepared: CBLASProduct, rows: Int, sums: FloatBuffer?) {
      self.prepared = prepared
      self.rows = rows
      self.sums = sums
    }

    func run(x: UnsafeRawPointer, y: UnsafeMutableRawPointer) {
      let n = prepared.product.n
      let target = sums.map { UnsafeMutableRawPointer($0.base) } ?? y
      var beta: Float = 0
      if prepared.product.finish == .bias, let bias = prepared.bias {
        // The product adds to the bias.
        let floats = target.assumingMemoryBound(to: Float.self)
        for row in 0..<rows { (floats + row * n).update(from: bias, count: n) }
        beta = 1
      }
      prepared.multiply(rows, x, beta, target)
      if prepared.product.finish == .biasGELU, let bias = prepared.bias {
        var gelu = lk_bias_gelu(
          x: target.assumingMemoryBound(to: Float.self), stride: n, rows: rows, columns: n, bias: bias)
        prepared.kernels.bias_gelu(&gelu)
      }
      if let sums {
        var round = lk_to_bf16(x: sums.base, y: y.assumingMemoryBound(to: UInt16.self), count: rows * n)
        prepared.kernels.to_bf16(&round)
      }
    }
  }
}
