import CKernels

/// One thread's pass through a dense layer.
final class DenseFFNWorker: KernelWorker {
  private struct Tile {
    var tokens: Range<Int>
    var first: any ProductCall
    var second: any ProductCall
  }

  private let kernel: DenseFFN
  private let tiles: [Tile]
  /// The tile's input in the products' type; nil in fp32, where it is used as it comes.
  private let input: FloatBuffer?
  /// Results of the first product, and the second's input but for int8.
  private let intermediate: FloatBuffer
  /// int8: the second product's input, and the scales of both inputs' tokens.
  private let quantised: FloatBuffer?
  private let inputScales: FloatBuffer?
  private let scales: FloatBuffer?

  init(kernel: DenseFFN, index: Int, tokens: Range<Int>, memory: any MemorySource) throws {
    self.kernel = kernel
    let role = MemoryRole.scratch(worker: index)
    let (d, ff, dtype) = (kernel.shape.hidden, kernel.shape.intermediate, kernel.dtype)
    // Whole tiles, and one that may be shorter: calls are made for their numbers of rows.
    var calls: [Int: (any ProductCall, any ProductCall)] = [:]
    tiles = try tokens.pieces(of: kernel.tokenTile).map { tokens in
      let (first, second) =
        try calls[tokens.count]
        ?? (
          kernel.product1.call(rows: tokens.count, memory: memory, role: role),
          kernel.product2.call(rows: tokens.count, memory: memory, role: role)
        )
      calls[tokens.count] = (first, second)
      return Tile(tokens: tokens, first: first, second: second)
    }
    let rows = min(kernel.tokenTile, max(tokens.count, 1))
    func scratch(_ elements: Int, bytes: Int) throws -> FloatBuffer {
      try memory.floats((elements * bytes + 3) / 4, for: role)
    }
    input = dtype == .fp32 ? nil : try scratch(rows * d, bytes: dtype.bytes)
    intermediate = try scratch(rows * ff, bytes: dtype == .bf16 ? 2 : 4)
    quantised = dtype == .int8 ? try scratch(rows * ff, bytes: 1) : nil
    inputScales = dtype == .int8 ? try scratch(rows, bytes: 4) : nil
    scales = dtype == .int8 ? try scratch(rows, bytes: 4) : nil
  }

  func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    let d = kernel.shape.hidden
    for tile in tiles {
      let x = input + tile.tokens.lowerBound * d
      let y = output + tile.tokens.lowerBound * d
      switch kernel.dtype {
      case .fp32:
        tile.first.run(x: x, y: intermediate.base)
        tile.second.run(x: intermediate.base, y: y)
      case .bf16: runBF16(tile, x, y)
      case .int8: runInt8(tile, x, y)
      }
    }
  }

  private func runBF16(_ tile: Tile, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    guard let input else { return }
    var round = lk_to_bf16(x: x, y: input.halves, count: tile.tokens.count * kernel.shape.hidden)
    kernel.kernels.to_bf16(&round)
    tile.first.run(x: input.base, y: intermediate.base)
    tile.second.run(x: intermediate.base, y: y)
  }

  private func runInt8(_ tile: Tile, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    guard let input, let quantised, let inputScales, let scales else { return }
    let (d, ff, rows) = (kernel.shape.hidden, kernel.shape.intermediate, tile.tokens.count)
    quantise(x, rows: rows, columns: d, to: input.bytes, scales: inputScales.base)
    tile.first.run(x: input.base, y: intermediate.base)
    // Row by row, so that a row stays in the first-level cache from its sums to its bytes.
    for row in 0..<rows {
      let values = intermediate.base + row * ff
      dequantise(values, rows: 1, columns: ff, by: inputScales.base + row, kernel.matrix1, bias: nil)
      var gelu = lk_bias_gelu(x: values, stride: ff, rows: 1, columns: ff, bias: kernel.matrix1.bias.base)
      kernel.kernels.bias_gelu(&gelu)
      quantise(values, rows: 1, columns: ff, to: quantised.bytes + row * ff, scales: scales.base + row)
    }
    // The output is as wide as the sums.
    tile.second.run(x: quantised.base, y: y)
    dequantise(y, rows: rows, columns: d, by: scales.base, kernel.matrix2, bias: kernel.matrix2.bias.base)
  }

  private func quantise(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, to y: UnsafeMutablePointer<UInt8>,
    scales: UnsafeMutablePointer<Float>
  ) {
    var quantise = lk_quantise(
      x: x, x_stride: columns, y: y, y_stride: columns, scales: scales, rows: rows, columns: columns)
    kernel.kernels.quantise(&quantise)
  }

  /// Sums to floats in place.
  private func dequantise(
    _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, by rowScales: UnsafePointer<Float>,
    _ matrix: DenseMatrix, bias: UnsafePointer<Float>?
  ) {
    guard let scales = matrix.scales, let zeros = matrix.zeros else { return }
    var dequantise = lk_dequantise(
      x: UnsafeRawPointer(values).assumingMemoryBound(to: Int32.self), x_stride: columns, y: values, y_stride: columns,
      rows: rows, columns: columns, row_scales: rowScales, column_scales: scales.base, column_zeros: zeros.integers,
      bias: bias)
    kernel.kernels.dequantise(&dequantise)
  }
}

extension FloatBuffer {
  /// The same memory as bytes.
  fileprivate var bytes: UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt8.self)
  }
}
