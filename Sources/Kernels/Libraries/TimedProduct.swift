import CKernels

/// A dense layer's product alone, with operands of its own, for an audit to time and to check.
public final class TimedProduct {
  private let product: LayerProduct
  private let call: () -> Void
  private let x: FloatBuffer
  private let weights: FloatBuffer
  private let bias: FloatBuffer
  private let y: FloatBuffer
  /// `x` [rows, k] and `weights` [n, k] hold values that the product's type represents exactly; for int8, `x` is 0 to
  /// 255.
  public init(
    _ product: LayerProduct, rows: Int, x: [Float], weights: [Float], bias: [Float], library: BLAS,
    memory: any MemorySource
  ) throws {
    self.product = product
    guard let kernels = ISA.best.microKernels else { throw UnsupportedISA(isa: .best) }
    let role = MemoryRole.scratch(worker: 0)
    func stored(_ values: [Float], isUnsigned: Bool) throws -> FloatBuffer {
      let buffer = try memory.floats((values.count * product.dtype.bytes + 3) / 4, for: role)
      let target = UnsafeMutableRawPointer(buffer.base)
      for (index, value) in values.enumerated() {
        switch product.dtype {
        case .fp32: buffer.base[index] = value
        case .bf16: target.storeBytes(of: UInt16(value.bitPattern >> 16), toByteOffset: 2 * index, as: UInt16.self)
        case .int8:
          target.storeBytes(
            of: isUnsigned ? UInt8(value) : UInt8(bitPattern: Int8(value)), toByteOffset: index, as: UInt8.self)
        }
      }
      return buffer
    }
    self.x = try stored(x, isUnsigned: true)
    self.weights = try stored(weights, isUnsigned: false)
    self.bias = try memory.floats(bias.count, for: role)
    self.bias.copy(from: bias)
    y = try memory.floats((rows * product.n * product.resultBytes + 3) / 4, for: role)
    // NaN marks elements that are never written: no sum of the layer is a NaN.
    for index in 0..<y.count { y.base[index] = .nan }
    let (x, weights, y) = (self.x, self.weights, self.y)
    if product.dtype == .fp32, product.finish == .none {
      // The plain product of a hash, whose second operand are tokens, is not a dense layer's.
      call = {
        library.multiply(
          m: rows, n: product.n, k: product.k, a: x.base, aStride: product.k, bTransposed: weights.base,
          bStride: product.k, beta: 0, c: y.base, cStride: product.n)
      }
      return
    }
    let prepared = try library.prepare(
      product, weights: ProductWeights(values: weights.base, bias: self.bias.base), kernels: kernels.pointee,
      memory: memory)
    let ready = try prepared.call(rows: rows, memory: memory, role: role)
    // The prepared product owns the weights.
    call = { withExtendedLifetime(prepared) { ready.run(x: x.base, y: y.base) } }
  }

  public func run() { call() }

  /// Element `place` of the result.
  public func result(_ place: Int) -> Double {
    let base = UnsafeRawPointer(y.base)
    switch product.dtype {
    case .fp32: return Double(y.base[place])
    case .bf16:
      return product.roundsResult
        ? Double(float(bf16: base.load(fromByteOffset: 2 * place, as: UInt16.self))) : Double(y.base[place])
    case .int8: return Double(base.load(fromByteOffset: 4 * place, as: Int32.self))
    }
  }

  /// The range of a correct result whose terms have this sum and sum of magnitudes. int8 is exact; in fp32, a product
  /// of k terms in any order is within k roundings of the sum of magnitudes.
  public func range(sum: Double, magnitude: Double, bias: Double) -> (low: Double, high: Double) {
    if product.dtype == .int8 { return (sum, sum) }
    let unit = Double(Float.ulpOfOne) / 2
    let value = product.finish == .none ? sum : sum + bias
    var bound = Double(product.k + 2) * unit * (magnitude + abs(bias))
    // See `DenseFFNRounding`.
    let isGELU = product.finish == .biasGELU
    if isGELU { bound = DenseFFNRounding.steepest * bound + DenseFFNRounding.geluError * abs(value) }
    let finished = isGELU ? gelu(value) : value
    if product.roundsResult { bound += 0x1p-8 * (abs(finished) + bound) }
    return (finished - bound, finished + bound)
  }
}
