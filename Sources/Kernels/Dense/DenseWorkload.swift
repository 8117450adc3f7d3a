import AccessStreams

/// A dense feed-forward pass as the cache model sees it.
///
/// fp32: the products as a BLAS packs them, and a pass of ours for bias and GELU. bf16: the input is rounded, weights are
/// packed beforehand, and GELU is fused into the first product. int8: likewise, but between the products a pass of ours
/// turns sums into bytes, and another one the last sums into the output.
struct DenseWorkload: Workload {
  let tokens: Int
  let threads: Int
  let phases: [PhaseWork]
  private let shape: DenseFFNShape
  private let dtype: TableType
  private let tokenTile: Int

  private let input: UInt64
  private let output: UInt64
  private let weight1: UInt64
  private let weight2: UInt64
  private let biases: UInt64
  private let cores: [Core]

  private struct Core {
    var intermediate: UInt64
    /// fp32 only.
    var packedA: UInt64
    var packedB: UInt64
    /// bf16 and int8: the tile's input in the products' type.
    var input: UInt64
    /// int8: the second product's input.
    var quantised: UInt64
  }

  private var operands: OperandType { OperandType(dtype) }
  /// Bytes of a result of the first product.
  private var intermediateBytes: Int { dtype == .bf16 ? 2 : 4 }

  init(shape: DenseFFNShape, dtype: TableType = .fp32, tokenTile: Int, tokens: Int, threads: Int) {
    self.shape = shape
    self.dtype = dtype
    self.tokenTile = tokenTile
    self.tokens = tokens
    self.threads = threads
    phases = Self.phases(shape, dtype, tokens: Double(tokens))

    let d = shape.hidden
    let ff = shape.intermediate
    func floats(_ elements: Int, bytes: Int) -> Int { (elements * bytes + 3) / 4 }
    var map = AddressMap()
    input = map.place(floats: tokens * d)
    output = map.place(floats: tokens * d)
    weight1 = map.place(floats: floats(d * ff, bytes: dtype.bytes))
    weight2 = map.place(floats: floats(d * ff, bytes: dtype.bytes))
    biases = map.place(floats: d + ff)
    let isFP32 = dtype == .fp32
    let first = PackedProduct.packedFloats(n: ff, k: d)
    let second = PackedProduct.packedFloats(n: d, k: ff)
    let hidden = tokenTile * ff
    cores = (0..<threads).map { _ in
      Core(
        intermediate: map.place(floats: floats(hidden, bytes: dtype == .bf16 ? 2 : 4)),
        packedA: isFP32 ? map.place(floats: max(first.a, second.a)) : 0,
        packedB: isFP32 ? map.place(floats: max(first.b, second.b)) : 0,
        input: isFP32 ? 0 : map.place(floats: floats(tokenTile * d, bytes: dtype.bytes)),
        quantised: dtype == .int8 ? map.place(floats: floats(hidden, bytes: 1)) : 0)
    }
  }

  private static func phases(_ shape: DenseFFNShape, _ dtype: TableType, tokens n: Double) -> [PhaseWork] {
    let d = Double(shape.hidden) * n
    let ff = Double(shape.intermediate) * n
    let products = Double(shape.hidden) * ff
    let operands = OperandType(dtype)
    let element = Double(dtype.bytes)
    var first = PackedProduct.work(
      name: StageAccount.firstProduct, multiplyAdds: products, operands: operands,
      resultBytes: dtype == .bf16 ? 2 : 4)
    // gelu: bias, |x|, the argument, t (a division, worth about 10), 4 multiply-adds, exp (6 and 7), and 5 to combine.
    var gelu = PhaseWork(
      name: "bias and GELU", multiplyAdds: 11 * ff, otherOperations: 26 * ff,
      // A value's way: bias, |x|, a division, the exponential of 12 steps or the polynomial beside it, and 2 to combine.
      chains: Chains(steps: 16 * ff, operations: 34))
    var second = PackedProduct.work(
      name: StageAccount.secondProduct, multiplyAdds: products, operands: operands)
    switch dtype {
    case .fp32:
      gelu.loadBytes = 8 * ff
      gelu.storeBytes = 4 * ff
    case .bf16:
      // Rounding a float takes four whole-number operations: a shift, a mask and two sums. GELU is fused: no bytes.
      first.otherOperations += 4 * d
      first.loadBytes += 4 * d
      first.storeBytes += 2 * d
      gelu.otherOperations += 4 * ff
    case .int8:
      // Quantising a float: |x| and the largest, a product, the rounding sum, the zero point, narrowing; it is read twice.
      first.otherOperations += 6 * d
      first.loadBytes += 8 * d
      first.storeBytes += element * d
      // A sum back to a float: the zero point, conversion, the scale and the value; it is written and read once more.
      gelu.otherOperations += (6 + 4) * ff
      gelu.loadBytes = (3 * 4 + 4 + 4 + 2 * 4) * ff
      gelu.storeBytes = (2 * 4 + element) * ff
      second.otherOperations += 4 * d
      second.loadBytes += 4 * 4 * d
      second.storeBytes += 4 * d
    }
    return [first, gelu, second]
  }

  func emit(to stream: AccessStream) {
    let tiles = partition(tokens: tokens, workers: threads).map { $0.pieces(of: tokenTile) }
    for index in 0..<(tiles.map(\.count).max() ?? 0) {
      for phase in phases.indices {
        stream.enter(phase: phase)
        for core in 0..<threads where index < tiles[core].count {
          stream.core = UInt16(core)
          emit(phase: phase, tile: tiles[core][index], core: cores[core], to: stream)
        }
      }
    }
    stream.flush()
  }

  private func emit(phase: Int, tile: Range<Int>, core: Core, to stream: AccessStream) {
    let d = shape.hidden
    let ff = shape.intermediate
    let x = input + UInt64(tile.lowerBound * d * 4)
    let y = output + UInt64(tile.lowerBound * d * 4)
    switch phase {
    case 0:
      if dtype != .fp32 {
        stream.read(x, bytes: tile.count * d * 4)
        stream.write(core.input, bytes: tile.count * d * dtype.bytes)
      }
      if dtype == .bf16 { stream.read(biases, bytes: ff * 4) }
      PackedProduct(m: tile.count, n: ff, k: d, operands: operands, resultBytes: intermediateBytes).emit(
        a: dtype == .fp32 ? x : core.input, b: weight1, c: core.intermediate, cStride: ff, packedA: core.packedA,
        packedB: core.packedB, to: stream)
    case 1:
      guard dtype != .bf16 else { return }
      for row in 0..<tile.count {
        let address = core.intermediate + UInt64(row * ff * 4)
        stream.read(biases, bytes: ff * 4)
        stream.read(address, bytes: ff * 4)
        stream.write(address, bytes: ff * 4)
        if dtype == .int8 { stream.write(core.quantised + UInt64(row * ff), bytes: ff) }
      }
    default:
      if dtype == .bf16 { stream.read(biases + UInt64(ff * 4), bytes: d * 4) }
      if dtype == .fp32 {
        for row in 0..<tile.count {
          stream.read(biases + UInt64(ff * 4), bytes: d * 4)
          stream.write(y + UInt64(row * d * 4), bytes: d * 4)
        }
      }
      PackedProduct(m: tile.count, n: d, k: ff, operands: operands).emit(
        a: dtype == .int8 ? core.quantised : core.intermediate, b: weight2, c: y, cStride: d, packedA: core.packedA,
        packedB: core.packedB, to: stream)
      if dtype == .int8 {
        for row in 0..<tile.count {
          stream.read(biases + UInt64(ff * 4), bytes: d * 4)
          stream.read(y + UInt64(row * d * 4), bytes: d * 4)
          stream.write(y + UInt64(row * d * 4), bytes: d * 4)
        }
      }
    }
  }
}

extension DenseFFN {
  public func workload(input: UnsafePointer<Float>, tokens: Int, threads: Int) throws -> any Workload {
    DenseWorkload(shape: shape, dtype: dtype, tokenTile: tokenTile, tokens: tokens, threads: threads)
  }
}
