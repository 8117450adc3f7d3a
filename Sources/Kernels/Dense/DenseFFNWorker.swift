import CKernels

/// One thread's pass through a dense layer: the interpreter that runs a step list.
final class DenseFFNWorker: KernelWorker {
  private let steps: [DenseStep]
  private let calls: DenseKernelCalls
  private let pass: DensePass
  /// Owns the memory that the pass points into.
  private let kernel: DenseFFN
  private let buffers: [FloatBuffer]

  init(kernel: DenseFFN, index: Int, tokens: Range<Int>, memory: any MemorySource) throws {
    self.kernel = kernel
    let role = MemoryRole.scratch(worker: index)
    let (d, ff, dtype) = (kernel.shape.hidden, kernel.shape.intermediate, kernel.dtype)
    steps = DenseStep.steps(tokens, tile: kernel.tokenTile)
    // Whole tiles, and one that may be shorter; a call is prepared for each number of rows.
    var products: [Int: (first: any ProductCall, second: any ProductCall)] = [:]
    for step in steps where products[step.tile.count] == nil {
      products[step.tile.count] = (
        try kernel.product1.call(rows: step.tile.count, memory: memory, role: role),
        try kernel.product2.call(rows: step.tile.count, memory: memory, role: role)
      )
    }
    calls = DenseKernelCalls(kernels: kernel.kernels, products: products)

    let rows = min(kernel.tokenTile, max(tokens.count, 1))
    func scratch(_ elements: Int, bytes: Int) throws -> FloatBuffer {
      try memory.floats((elements * bytes + 3) / 4, for: role)
    }
    let input = dtype == .fp32 ? nil : try scratch(rows * d, bytes: dtype.bytes)
    let intermediate = try scratch(rows * ff, bytes: kernel.shape.products(dtype).first.resultBytes)
    let quantised = dtype == .int8 ? try scratch(rows * ff, bytes: 1) : nil
    let inputScales = dtype == .int8 ? try scratch(rows, bytes: 4) : nil
    let scales = dtype == .int8 ? try scratch(rows, bytes: 4) : nil
    buffers = [input, intermediate, quantised, inputScales, scales].compactMap { $0 }
    // Placeholder for operands that the element type does not use; no call reads it.
    let unused = UnsafeMutableRawPointer(intermediate.base)
    pass = DensePass(
      kernel.shape, dtype,
      arrays: DenseArrays(
        input: UnsafePointer(intermediate.base), output: intermediate.base,
        matrix1: DenseArrays.Matrix(kernel.matrix1), matrix2: DenseArrays.Matrix(kernel.matrix2),
        tileInput: input.map { UnsafeMutableRawPointer($0.base) } ?? unused,
        intermediate: UnsafeMutableRawPointer(intermediate.base),
        quantised: quantised.map { UnsafeMutableRawPointer($0.base) } ?? unused,
        inputScales: inputScales?.base, scales: scales?.base))
  }

  func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    var pass = pass
    pass.arrays.input = input
    pass.arrays.output = output
    for step in steps { step.perform(of: pass, on: calls) }
  }
}

extension DenseArrays.Matrix {
  fileprivate init(_ matrix: DenseMatrix) {
    self.init(
      weights: UnsafeRawPointer(matrix.values.base), bias: UnsafePointer(matrix.bias.base),
      scales: matrix.scales.map { UnsafePointer($0.base) }, zeros: matrix.zeros.map { UnsafePointer($0.integers) })
  }
}
