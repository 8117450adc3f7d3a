import Foundation

/// A bf16 hash in double precision, product by product as the kernel ran it: the reference for its codes and outputs
/// (docs/reference/methods.md, "bf16 projection").
///
/// Each product starts from the kernel's own input, rounded here, after that input has been compared with the result
/// of the product before it. So a choice of fp32 arithmetic between two neighbouring bf16 numbers is followed and
/// does not grow through the factors, and every bound is that of fp32 arithmetic alone. Weights are folded and
/// rounded from the fp32 parameters.
struct HashRounding {
  struct Token {
    /// [projected]
    var projection: [Double]
    /// [projected]: the largest difference from it that fp32 arithmetic can cause.
    var bound: [Double]
    /// Inputs of the kernel's products that differ from the result of the product before (or of the layer norm) by
    /// more than fp32 arithmetic can cause; none in a correct kernel.
    var wrongInputs: Int
  }

  private let parameters: LookupFFNParameters
  /// Dense: [projected, hidden]; BH4: folded, [repeats, 4, blocks, block (output), block (input)].
  private let weights: [Float]

  init(_ parameters: LookupFFNParameters) throws {
    self.parameters = parameters
    let shape = parameters.shape
    switch shape.hash {
    case .bh4: weights = try roundedBH4(foldedBH4(parameters), shape: shape)
    case .dense:
      weights = try RoundedMatrix(
        parameters.hashWeight, rows: shape.projected, type: .bf16, name: "hash.projection.weight"
      ).values
    }
  }

  /// Half a unit in the last place of a float near 1: the relative error of one operation.
  private static let unit = Double(Float.ulpOfOne) / 2
  /// vdpbf16ps treats denormal numbers as 0.
  private static let smallest = Double(Float.leastNormalMagnitude)

  /// Error of a sum of `terms` terms in any order, per unit of their magnitude. Rounding errors add up like a random
  /// walk (Higham and Mary, SISC 41(5), 2019); the constants 4 and 2 cover sums of few terms.
  private static func sumError(terms: Int) -> Double { 2 * unit * (4 + Double(terms).squareRoot()) }

  /// `x` is the token, [hidden] floats; `inputs` are the inputs of the kernel's products,
  /// `LookupFFNShape.productInputs`.
  func token(_ x: UnsafeBufferPointer<Float>, inputs: ArraySlice<Float>) -> Token {
    let shape = parameters.shape
    let h = normalised(x)
    var wrongInputs = 0
    func compare(_ actual: ArraySlice<Float>, _ expected: [Double], _ bound: [Double]) {
      for (index, value) in actual.enumerated()
      where !(bound[index].isFinite && abs(Double(value) - expected[index]) <= bound[index]) { wrongInputs += 1 }
    }

    var chains: [Double] = []
    var bounds: [Double] = []
    switch shape.hash {
    case .dense:
      compare(inputs, h.values, h.bound)
      (chains, bounds) = sums(Array(inputs), weights[...], rows: shape.projected)
    case .bh4:
      let length = shape.paddedHidden
      let padding = [Double](repeating: 0, count: length - shape.hidden)
      for chain in 0..<shape.repeats {
        var expected = h.values + padding
        var bound = h.bound + padding
        for factor in 0..<LookupFFNShape.factors {
          let index = chain * LookupFFNShape.factors + factor
          let start = inputs.startIndex + index * length
          let actual = inputs[start..<start + length]
          compare(actual, expected, bound)
          (expected, bound) = self.factor(index, Array(actual))
        }
        chains += expected
        bounds += bound
      }
    }

    // The mix and the bias round three times. A layer's input is that of its first product.
    var token = Token(projection: [], bound: [], wrongInputs: wrongInputs)
    let share = 1 - Double(parameters.chainShare)
    for column in 0..<shape.projected {
      let mixed =
        shape.hash == .bh4
        ? share * Double(inputs[inputs.startIndex + column % shape.paddedHidden]) : 0
      let bias = Double(parameters.hashBias[column])
      token.projection.append(chains[column] + mixed + bias)
      token.bound.append(bounds[column] + 3 * Self.unit * (abs(chains[column]) + abs(mixed) + abs(bias)))
    }
    return token
  }

  /// A BH4 factor of an input that is not yet rounded: the block products, then the transform's stages across blocks.
  private func factor(_ index: Int, _ input: [Float]) -> (values: [Double], bound: [Double]) {
    let shape = parameters.shape
    let (length, size) = (shape.paddedHidden, shape.blockSize)
    var values: [Double] = []
    var bound: [Double] = []
    var magnitudes: [Double] = []
    for block in 0..<shape.blocks {
      let start = (index * length + block * size) * size
      let own = sums(
        Array(input[block * size..<(block + 1) * size]), weights[start..<start + size * size], rows: size)
      values += own.values
      bound += own.bound
      magnitudes += own.values.map(abs)
    }
    // Each stage adds two numbers and may round its result, whose magnitude is at most that of all together.
    let stages = Double(shape.blocks.trailingZeroBitCount)
    for feature in 0..<size {
      let across = stride(from: feature, to: length, by: size)
      var column = across.map { values[$0] }
      walshHadamard(&column)
      let error = across.reduce(0.0) { $0 + bound[$1] + stages * Self.unit * magnitudes[$1] }
      for (place, target) in across.enumerated() {
        values[target] = column[place]
        bound[target] = error
      }
    }
    return (values, bound)
  }

  /// Products of `rows` rows of weights with an input that is rounded first.
  private func sums(
    _ input: [Float], _ weights: ArraySlice<Float>, rows: Int
  ) -> (values: [Double], bound: [Double]) {
    let rounded = input.map { Double(roundedToBF16($0)) }
    let terms = rounded.count
    let error = Self.sumError(terms: terms)
    var values: [Double] = []
    var bound: [Double] = []
    weights.withUnsafeBufferPointer { weights in
      for row in 0..<rows {
        var sum = 0.0
        var magnitude = 0.0
        var underflow = 0.0
        for i in 0..<terms {
          let weight = Double(weights[row * terms + i])
          let term = weight * rounded[i]
          sum += term
          magnitude += abs(term)
          underflow += (1 + abs(weight)) * (1 + abs(rounded[i]))
        }
        values.append(sum)
        bound.append(error * magnitude + Self.smallest * underflow)
      }
    }
    return (values, bound)
  }

  /// The layer norm, and a bound on the effect of fp32 arithmetic.
  private func normalised(_ x: UnsafeBufferPointer<Float>) -> (values: [Double], bound: [Double]) {
    let ones = [Float](repeating: 1, count: x.count)
    let zeros = [Float](repeating: 0, count: x.count)
    let normal = layerNorm(x, scale: ones, shift: zeros, epsilon: Double(parameters.normEpsilon))
    let values = layerNorm(
      x, scale: parameters.normScale, shift: parameters.normShift, epsilon: Double(parameters.normEpsilon))
    let mean = x.reduce(0.0) { $0 + Double($1) } / Double(x.count)
    let variance = x.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(x.count)
    let inverse = 1 / (variance + Double(parameters.normEpsilon)).squareRoot()
    let largest = x.reduce(0.0) { max($0, abs(Double($1))) }
    let relative = Self.sumError(terms: x.count)
    let bound = values.indices.map { index in
      // The rounding of the mean moves every deviation; the deviation and the scaling each round once more.
      let normalError = relative * (largest * inverse * (1 + abs(normal[index])) + abs(normal[index]))
      let scale = abs(Double(parameters.normScale[index]))
      return scale * normalError
        + 2 * Self.unit * (scale * abs(normal[index]) + abs(Double(parameters.normShift[index])))
    }
    return (values, bound)
  }
}
