import Foundation

/// LookupFFN by its definition, one token at a time in double precision: the reference for every optimised path.
public struct LookupFFNReference {
  /// The results of one token by the definition.
  public struct Token {
    /// [projected]
    public var projection: [Double]
    /// [tables]
    public var codes: [Int32]
    public var scores: [Double]
    /// [output]
    public var output: [Double]
  }

  private let parameters: LookupFFNParameters

  public init(_ parameters: LookupFFNParameters) {
    self.parameters = parameters
  }

  /// Runs one token, [hidden] floats. Where `rows` is given, one row for each table, the output is the sum of those
  /// rows instead of the codes' rows.
  public func token(_ x: UnsafeBufferPointer<Float>, rows: [Int32]? = nil) -> Token {
    let shape = parameters.shape
    let h = layerNorm(
      x, scale: parameters.normScale, shift: parameters.normShift, epsilon: Double(parameters.normEpsilon))
    return token(projection: shape.hash == .dense ? denseHash(h) : bh4Hash(h), rows: rows)
  }

  /// The results of a token whose hash scores are `z`, [projected]; `rows` as above.
  func token(projection z: [Double], rows: [Int32]? = nil) -> Token {
    let shape = parameters.shape
    var codes: [Int32] = []
    var scores: [Double] = []
    var output = parameters.bias.map(Double.init)
    for table in 0..<shape.tables {
      let bits = z[(table * shape.codeBits)..<((table + 1) * shape.codeBits)]
      let code = bits.reduce(0) { 2 * $0 + ($1 > 0 ? 1 : 0) }
      let score = bits.reduce(0) { $0 + abs($1) } / bits.reduce(1) { $0 * (1 + exp(-2 * abs($1))) }
      codes.append(Int32(code))
      scores.append(score)
      let row = (table * shape.tableRows + (rows.map { Int($0[table]) } ?? code)) * shape.output
      for c in 0..<shape.output { output[c] += score * Double(parameters.tables[row + c]) }
    }
    return Token(projection: z, codes: codes, scores: scores, output: output)
  }

  private func denseHash(_ h: [Double]) -> [Double] {
    let shape = parameters.shape
    return (0..<shape.projected).map { row in
      var sum = Double(parameters.hashBias[row])
      for i in 0..<shape.hidden { sum += h[i] * Double(parameters.hashWeight[row * shape.hidden + i]) }
      return sum
    }
  }

  private func bh4Hash(_ h: [Double]) -> [Double] {
    let shape = parameters.shape
    let length = shape.paddedHidden
    let size = shape.blockSize
    let padded = h + [Double](repeating: 0, count: length - shape.hidden)
    let share = Double(parameters.chainShare)
    var z: [Double] = []
    for r in 0..<shape.repeats {
      var y = padded
      for j in 0..<LookupFFNShape.factors {
        var next = [Double](repeating: 0, count: length)
        for n in 0..<shape.blocks {
          let block = (((r * LookupFFNShape.factors) + j) * shape.blocks + n) * size * size
          for o in 0..<size {
            var sum = 0.0
            for i in 0..<size { sum += Double(parameters.hashWeight[block + o * size + i]) * y[n * size + i] }
            next[n * size + o] = sum
          }
        }
        walshHadamard(&next)
        y = next
      }
      z += zip(y, padded).map { share * $0 + (1 - share) * $1 }
    }
    return zip(z, parameters.hashBias).map { $0 + Double($1) }
  }
}

/// Layer normalisation of one token in double precision.
func layerNorm(_ x: UnsafeBufferPointer<Float>, scale: [Float], shift: [Float], epsilon: Double) -> [Double] {
  let values = x.map(Double.init)
  let mean = values.reduce(0, +) / Double(values.count)
  let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
  let inverse = 1 / (variance + epsilon).squareRoot()
  return values.indices.map { (values[$0] - mean) * inverse * Double(scale[$0]) + Double(shift[$0]) }
}

/// Unnormalised Walsh-Hadamard transform in Sylvester order, in place; the length is a power of two.
func walshHadamard(_ y: inout [Double]) {
  var stride = 1
  while stride < y.count {
    for base in Swift.stride(from: 0, to: y.count, by: 2 * stride) {
      for k in base..<(base + stride) {
        (y[k], y[k + stride]) = (y[k] + y[k + stride], y[k] - y[k + stride])
      }
    }
    stride *= 2
  }
}
