import CKernels

/// The arrays of a pass of one worker: in memory where the pass runs, in a flat address space where its accesses are
/// stated. Only an interpreter of calls knows which, so no other code reads or writes through these pointers.
struct DenseArrays {
  /// A layer's weights with their bias and scales.
  struct Matrix {
    var weights: UnsafeRawPointer
    var bias: UnsafePointer<Float>
    /// int8 only; nil where accesses are stated, because their accesses are left out.
    var scales: UnsafePointer<Float>?
    var zeros: UnsafePointer<Int32>?
  }

  /// [tokens, hidden] of the whole batch.
  var input: UnsafePointer<Float>
  var output: UnsafeMutablePointer<Float>
  var matrix1: Matrix
  var matrix2: Matrix
  /// bf16 and int8: the tile's input in the type of the products.
  var tileInput: UnsafeMutableRawPointer
  /// The results of the first product, which except in int8 are the input of the second.
  var intermediate: UnsafeMutableRawPointer
  /// int8: the second product's input.
  var quantised: UnsafeMutableRawPointer
  /// int8: the scales of both products' input tokens; nil where accesses are stated, because their accesses are left
  /// out.
  var inputScales: UnsafeMutablePointer<Float>?
  var scales: UnsafeMutablePointer<Float>?
}

/// The operands of a worker's steps.
struct DensePass {
  let shape: DenseFFNShape
  let dtype: TableType
  let products: (first: LayerProduct, second: LayerProduct)
  var arrays: DenseArrays

  init(_ shape: DenseFFNShape, _ dtype: TableType, arrays: DenseArrays) {
    self.shape = shape
    self.dtype = dtype
    products = shape.products(dtype)
    self.arrays = arrays
  }

  /// Converts sums of a product with `matrix` to floats, in place.
  func dequantise(
    _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, by rowScales: UnsafeMutablePointer<Float>?,
    _ matrix: DenseArrays.Matrix, bias: UnsafePointer<Float>?
  ) -> lk_dequantise {
    lk_dequantise(
      x: UnsafeRawPointer(values).assumingMemoryBound(to: Int32.self), x_stride: columns, y: values, y_stride: columns,
      rows: rows, columns: columns, row_scales: rowScales.map { UnsafePointer($0) }, column_scales: matrix.scales,
      column_zeros: matrix.zeros, bias: bias)
  }
}
