import CKernels

/// The interpreter that runs a step list: every call goes to the micro-kernel or the library that it names.
struct MicroKernelCalls: MicroKernels {
  let kernels: lk_kernels
  let blas: BLAS?
  /// Products of a dense hash in bf16, by their number of tokens.
  let products: [Int: any ProductCall]
  let waitForTeam: () -> Void

  func layerNorm(_ call: lk_layer_norm) { withUnsafePointer(to: call) { kernels.layer_norm($0) } }
  func toLanes(_ call: lk_to_lanes) { withUnsafePointer(to: call) { kernels.to_lanes($0) } }

  func blockProduct(_ call: lk_block_product) { withUnsafePointer(to: call) { kernels.block_product($0) } }
  func blockProduct(_ call: lk_block_product_bf16) { withUnsafePointer(to: call) { kernels.block_product_bf16($0) } }
  func blockProduct(_ call: lk_block_product_rows) { withUnsafePointer(to: call) { kernels.block_product_rows($0) } }
  func blockProduct(_ call: lk_block_product_bf16_rows) {
    withUnsafePointer(to: call) { kernels.block_product_bf16_rows($0) }
  }

  func transform(_ call: lk_hadamard) { withUnsafePointer(to: call) { kernels.hadamard($0) } }
  func roundToBF16(_ call: lk_to_bf16) { withUnsafePointer(to: call) { kernels.to_bf16($0) } }

  func multiply(_ product: DenseHashProduct) {
    blas?.multiply(
      m: product.projected, n: product.tokens, k: product.hidden, a: product.weights, aStride: product.hidden,
      bTransposed: product.rows, bStride: product.rowStride, beta: 0, c: product.c, cStride: product.cStride)
  }

  func multiply(_ product: RoundedHashProduct) {
    // The weights were passed when the call was prepared.
    products[product.tokens]?.run(x: product.rows, y: product.result)
  }

  func toLanes(_ product: RoundedHashProduct) {
    for first in stride(from: 0, to: product.tokens, by: laneGroup) {
      toLanes(
        lk_to_lanes(
          x: product.result + first * product.projected, x_stride: product.projected,
          lanes: product.lanes + first / laneGroup * product.laneStride, rows: min(laneGroup, product.tokens - first),
          columns: product.projected, padded_columns: product.projected))
    }
  }

  func score(_ call: lk_score) { withUnsafePointer(to: call) { kernels.score($0) } }

  func override(codes: UnsafeMutablePointer<Int32>, by rows: UnsafePointer<Int32>, count: Int) {
    codes.update(from: rows, count: count)
  }

  func gather(_ call: lk_gather, _ step: GatherStage.Step, type: TableType) {
    withUnsafePointer(to: call) { call in
      switch type {
      case .fp32: kernels.gather(call)
      case .bf16: kernels.gather_bf16(call)
      case .int8: kernels.gather_int8(call)
      }
    }
  }

  func barrier() { waitForTeam() }
}
