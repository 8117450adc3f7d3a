import CKernels

/// The calls of a look-up's steps: micro-kernels with the operands of their C header, products of a library, a
/// barrier.
///
/// There is one step list, and each step is written once as calls of this protocol. Two interpreters implement it:
/// `MicroKernelCalls` runs a call, and `MicroKernelStream` states its reads and writes. The pointers of a call are
/// memory for the first and addresses in a flat address space for the second, so a step must not read or write
/// through them.
protocol MicroKernels {
  func layerNorm(_ call: lk_layer_norm)
  func toLanes(_ call: lk_to_lanes)
  func blockProduct(_ call: lk_block_product)
  func blockProduct(_ call: lk_block_product_bf16)
  func blockProduct(_ call: lk_block_product_rows)
  func blockProduct(_ call: lk_block_product_bf16_rows)
  func transform(_ call: lk_hadamard)
  func roundToBF16(_ call: lk_to_bf16)
  func multiply(_ product: DenseHashProduct)
  func multiply(_ product: RoundedHashProduct)
  func toLanes(_ product: RoundedHashProduct)
  func score(_ call: lk_score)
  /// Copies `count` rows over the codes of the hash.
  func override(codes: UnsafeMutablePointer<Int32>, by rows: UnsafePointer<Int32>, count: Int)
  /// `step` contains the tokens, tables and columns that `call` gathers, from tables of `type`.
  func gather(_ call: lk_gather, _ step: GatherStage.Step, type: TableType)
  /// Waits for all workers of the team.
  func barrier()
}

/// The product of a dense fp32 hash, c[projected, tokens] = weights[projected, hidden] rows[tokens, hidden]^T. It is
/// transposed, so that tokens lie along the vectors as the score needs them. Strides are in floats.
struct DenseHashProduct {
  var projected: Int
  var tokens: Int
  var hidden: Int
  var weights: UnsafePointer<Float>
  var rows: UnsafePointer<Float>
  var rowStride: Int
  var c: UnsafeMutablePointer<Float>
  var cStride: Int
}

/// The product of a dense bf16 hash, result[tokens, projected] = rows[tokens, hidden] weights[projected, hidden]^T,
/// and its transposition into lane groups, `laneStride` floats apart.
struct RoundedHashProduct {
  var tokens: Int
  var projected: Int
  var hidden: Int
  var rows: UnsafePointer<UInt16>
  var weights: UnsafePointer<UInt16>
  var result: UnsafeMutablePointer<Float>
  var lanes: UnsafeMutablePointer<Float>
  var laneStride: Int
}
