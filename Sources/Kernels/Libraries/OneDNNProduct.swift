/// A dense layer's product through a matmul primitive: weights are converted once to the library's blocked layout,
/// and bias and GELU are fused.
final class OneDNNProduct: PreparedProduct {
  private let product: LayerProduct
  private let weights: ProductWeights
  private let library: OneDNN
  private let memory: any MemorySource
  /// The weights in each layout in use. A primitive chooses the layout by the number of rows too; most agree on one.
  private var packed: [(layout: OneDNN.Layout, owner: OneDNN.Primitive, values: FloatBuffer)] = []

  init(_ product: LayerProduct, weights: ProductWeights, library: OneDNN, memory: any MemorySource) {
    self.product = product
    self.weights = weights
    self.library = library
    self.memory = memory
  }

  func call(rows: Int, memory: any MemorySource, role: MemoryRole) throws -> any ProductCall {
    do { return try call(rows: rows) } catch let failure as OneDNN.Failure {
      throw UnsupportedProduct("\(failure)")
    }
  }

  private func call(rows: Int) throws -> any ProductCall {
    let (n, k) = (product.n, product.k)
    let types = Self.types(product)
    let source = try library.layout([rows, k], types.source, strides: [k, 1])
    let target = try library.layout([rows, n], types.target, strides: [n, 1])
    let isFinished = product.finish != .none
    let bias = isFinished ? try library.layout([1, n], .fp32, strides: [n, 1]) : nil
    let primitive = try library.matmul(
      source: source, weights: library.layout([k, n], types.weights, strides: nil), bias: bias, target: target,
      gelu: product.finish == .biasGELU)
    var operands: [(OneDNN.Argument, OneDNN.Layout, UnsafeMutableRawPointer?)] = [
      (.source, source.pointer, nil), (.target, target.pointer, nil),
      (.weights, try primitive.weightsLayout(), try weights(for: primitive)),
    ]
    if let bias { operands.append((.bias, bias.pointer, UnsafeMutableRawPointer(mutating: weights.bias))) }
    return Call(try OneDNN.Execution(primitive, library, operands))
  }

  private static func types(
    _ product: LayerProduct
  ) -> (source: OneDNN.ElementType, weights: OneDNN.ElementType, target: OneDNN.ElementType) {
    switch product.dtype {
    case .fp32: return (.fp32, .fp32, .fp32)
    case .bf16: return (.bf16, .bf16, product.roundsResult ? .bf16 : .fp32)
    case .int8: return (.uint8, .int8, .int32)
    }
  }

  /// The weights in the layout that `primitive` expects.
  private func weights(for primitive: OneDNN.Primitive) throws -> UnsafeMutableRawPointer {
    let layout = try primitive.weightsLayout()
    if let known = packed.first(where: { library.equal($0.layout, layout) }) {
      return UnsafeMutableRawPointer(known.values.base)
    }
    // W[n, k] is W^T[k, n] with its strides exchanged.
    let plain = try library.layout([product.k, product.n], Self.types(product).weights, strides: [1, product.k])
    let values = try memory.floats((library.bytes(layout) + 3) / 4, for: .weights)
    try library.reorder(weights.values, plain.pointer, to: values.base, layout)
    packed.append((layout, primitive, values))
    return UnsafeMutableRawPointer(values.base)
  }

  private final class Call: ProductCall {
    private let execution: OneDNN.Execution

    init(_ execution: OneDNN.Execution) {
      self.execution = execution
    }

    func run(x: UnsafeRawPointer, y: UnsafeMutableRawPointer) {
      execution.move(0, to: UnsafeMutableRawPointer(mutating: x))
      execution.move(1, to: y)
      // A product that was not computed fails the check against the reference that precedes every measurement.
      execution.execute()
    }
  }
}
