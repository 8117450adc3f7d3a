import CKernels
import Support

/// A dense layer's weights [n, k] in the element type of its product, with the bias and scales that finish its
/// result.
///
/// bf16: rounded to the nearest, ties to even. int8: symmetric, one scale per row (an output feature).
struct DenseMatrix {
  let values: FloatBuffer
  let bias: FloatBuffer
  /// int8: the factor of each row's sums, max|row| / 127.
  let scales: FloatBuffer?
  /// int8: the part of each row's sums that the zero point of the activations causes.
  let zeros: FloatBuffer?

  /// `name` is the tensor's name, for the error about values that the type cannot hold. Throws `InputError`.
  init(_ weight: [Float], bias: [Float], type: TableType, name: String, memory: any MemorySource) throws {
    func buffer(_ values: [Float]) throws -> FloatBuffer {
      let buffer = try memory.floats(values.count, for: .weights)
      buffer.copy(from: values)
      return buffer
    }
    self.bias = try buffer(bias)
    let rows = try RoundedMatrix(weight, rows: bias.count, type: type, name: name)
    guard type != .fp32 else {
      values = try buffer(weight)
      (scales, zeros) = (nil, nil)
      return
    }
    values = try memory.floats((weight.count * type.bytes + 3) / 4, for: .weights)
    let target = UnsafeMutableRawPointer(values.base)
    if type == .bf16 {
      let halves = target.assumingMemoryBound(to: UInt16.self)
      rows.values.withUnsafeBufferPointer { roundToBF16($0, into: halves) }
      (scales, zeros) = (nil, nil)
      return
    }
    let bytes = target.assumingMemoryBound(to: Int8.self)
    for index in rows.values.indices { bytes[index] = Int8(rows.values[index]) }
    scales = try buffer(rows.scales)
    let zeros = try memory.floats(bias.count, for: .weights)
    let columns = weight.count / max(bias.count, 1)
    for row in bias.indices {
      var sum: Int32 = 0
      for column in 0..<columns { sum += Int32(bytes[row * columns + column]) }
      zeros.integers[row] = Int32(LK_ZERO_POINT) * sum
    }
    self.zeros = zeros
  }
}

/// A matrix rounded to an element type, held as floats: bf16 numbers, or int8's integers with a scale per row.
struct RoundedMatrix {
  let values: [Float]
  /// int8 only.
  let scales: [Float]

  /// Throws `InputError` where a value is infinite, NaN, or beyond bf16's largest.
  init(_ matrix: [Float], rows: Int, type: TableType, name: String) throws {
    guard type != .fp32 else {
      (values, scales) = (matrix, [])
      return
    }
    let columns = matrix.count / max(rows, 1)
    try CheckedSize.bytes(CheckedSize(matrix.count), of: Float.self).requireAllocatable()
    var rounded = [Float](repeating: 0, count: matrix.count)
    var scales: [Float] = []
    var halves = [UInt16](repeating: 0, count: columns)
    var bytes = [Int8](repeating: 0, count: columns)
    try matrix.withUnsafeBufferPointer { matrix in
      for row in 0..<rows {
        let source = UnsafeBufferPointer(rebasing: matrix[row * columns..<(row + 1) * columns])
        guard let largest = largestMagnitude(source), largest <= type.largestInput else {
          throw InputError(
            key: name, "expected finite values that \(type.rawValue) can hold, found others in row \(row)")
        }
        if type == .bf16 {
          roundToBF16(source, into: &halves)
          for column in 0..<columns { rounded[row * columns + column] = float(bf16: halves[column]) }
        } else {
          let scale = int8Scale(largest: largest)
          quantise(source, scale: scale, into: &bytes)
          for column in 0..<columns { rounded[row * columns + column] = Float(bytes[column]) }
          scales.append(scale)
        }
      }
    }
    values = rounded
    self.scales = scales
  }
}

/// The number that bf16 bits represent.
func float(bf16 bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

/// `value` rounded to bf16, to nearest, ties to even.
func roundedToBF16(_ value: Float) -> Float {
  var bits: UInt16 = 0
  withUnsafePointer(to: value) { roundToBF16(UnsafeBufferPointer(start: $0, count: 1), into: &bits) }
  return float(bf16: bits)
}
