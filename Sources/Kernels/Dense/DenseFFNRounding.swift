import Foundation

/// The dense network with the rounding of its element type, one token at a time in double precision, and a bound on
/// the effect of fp32 arithmetic. A bf16 or int8 output is compared with it (docs/reference/methods.md, "Compressed
/// dense networks").
///
/// Everything is derived from the layer's fp32 parameters, so that weights that were stored wrongly are found.
struct DenseFFNRounding {
  struct Output {
    /// [hidden]: the output of the rounded network minus that of the fp32 network by its definition.
    var shift: [Double]
    /// [hidden]: the largest change by intermediate features that lie so close to the boundary between two neighbouring
    /// values of the element type that the order of fp32 additions decides how they are rounded.
    var slack: [Double]
  }

  private let type: TableType
  private let shape: DenseFFNShape
  private let matrix1: RoundedMatrix
  private let matrix2: RoundedMatrix
  private let bias1: [Float]
  private let bias2: [Float]

  init(_ parameters: DenseFFNParameters, type: TableType) throws {
    self.type = type
    shape = parameters.shape
    matrix1 = try RoundedMatrix(parameters.weight1, rows: shape.intermediate, type: type, name: "fc1.weight")
    matrix2 = try RoundedMatrix(parameters.weight2, rows: shape.hidden, type: type, name: "fc2.weight")
    bias1 = parameters.bias1
    bias2 = parameters.bias2
  }

  /// Half a unit in the last place of a float near 1.
  private static let unit = Double(Float.ulpOfOne) / 2
  /// GELU's steepest slope, at x = sqrt 2: Phi(x) + x phi(x) = 1.1289.
  static let steepest = 1.129
  /// The libraries' and our error functions have an error of at most 1.5e-7 (Abramowitz and Stegun 7.1.26), which
  /// together with their own roundings is four units in the last place of x.
  static let geluError = 8 * unit

  /// Runs one token, [hidden] floats, whose output in the fp32 network is `definition` (`DenseFFNReference`).
  func token(_ x: UnsafeBufferPointer<Float>, definition: [Double]) -> Output {
    let input = rounded(x.map(Double.init), errors: nil)
    var features = [Double](repeating: 0, count: shape.intermediate)
    var errors = features
    sums(matrix1, input.values) { row, sum, magnitude in
      let scale = self.scale(matrix1, row) * input.scale
      let value = sum * scale + Double(bias1[row])
      // bf16: a sum of k products in any order is within k roundings of its magnitude, and with random signs within
      // about sqrt k (Higham and Mary, SISC 41(5), 2019). int8: integers are exact, and scaling rounds three times.
      let roundings = type == .bf16 ? Double(shape.hidden).squareRoot() * magnitude : 3 * abs(sum * scale)
      let error = Self.unit * (roundings + 2 * abs(value))
      features[row] = gelu(value)
      errors[row] = Self.steepest * error + Self.geluError * abs(value)
    }
    let intermediate = rounded(features, errors: errors)
    let uncertain = intermediate.slack.indices.filter { intermediate.slack[$0] > 0 }
    var output = Output(shift: [], slack: [])
    sums(matrix2, intermediate.values) { row, sum, _ in
      let scale = self.scale(matrix2, row) * intermediate.scale
      output.shift.append(sum * scale + Double(bias2[row]) - definition[row])
      let start = row * shape.intermediate
      let slack = uncertain.reduce(0.0) { $0 + abs(Double(matrix2.values[start + $1])) * intermediate.slack[$1] }
      output.slack.append(slack * scale + abs(sum * scale) * intermediate.scaleError)
    }
    return output
  }

  private func scale(_ matrix: RoundedMatrix, _ row: Int) -> Double {
    type == .int8 ? Double(matrix.scales[row]) : 1
  }

  /// Calls `body` with each row's product and, for bf16, the sum of the magnitudes of its terms.
  private func sums(_ matrix: RoundedMatrix, _ x: [Double], _ body: (Int, Double, Double) -> Void) {
    matrix.values.withUnsafeBufferPointer { weights in
      x.withUnsafeBufferPointer { x in
        for row in 0..<weights.count / max(x.count, 1) {
          let start = row * x.count
          var sum = 0.0
          var magnitude = 0.0
          for i in 0..<x.count {
            let term = Double(weights[start + i]) * x[i]
            sum += term
            magnitude += abs(term)
          }
          body(row, sum, magnitude)
        }
      }
    }
  }

  private struct Rounded {
    /// bf16 numbers, or the integers of int8.
    var values: [Double]
    /// The uncertainty of each value, in units of the last place.
    var slack: [Double]
    var scale = 1.0
    /// The relative error of the scale.
    var scaleError = 0.0
  }

  /// A product's input after rounding. `errors` is the uncertainty of each value before rounding; nil for none.
  private func rounded(_ x: [Double], errors: [Double]?) -> Rounded {
    var round: (Double) -> Double = { Double(roundedToBF16(Float($0))) }
    var result = Rounded(values: [], slack: [])
    var errors = errors
    if type == .int8 {
      // Computed in floats, as `lk_quantise` does.
      let largest = x.reduce(Float(0)) { max($0, abs(Float($1))) }
      let scale = largest / TableType.int8Largest
      let inverse = scale >= Float.leastNormalMagnitude ? TableType.int8Largest / largest : 0
      result.scale = inverse > 0 ? Double(scale) : 0
      round = { Double((Float($0) * inverse).rounded(.toNearestOrEven)) }
      if let own = errors, largest > 0 {
        result.scaleError = (own.max() ?? 0) / Double(largest) + 2 * Self.unit
        // The scale's own error moves every value in proportion, and multiplying by its inverse rounds.
        errors = zip(own, x).map { $0 + abs($1) * (result.scaleError + 2 * Self.unit) }
      }
    }
    result.values = x.map(round)
    result.slack = x.indices.map { index in
      guard let error = errors?[index] else { return 0 }
      let value = result.values[index]
      // Rounding is monotonic, so no value in between moves further.
      return max(abs(round(x[index] + error) - value), abs(round(x[index] - error) - value))
    }
    return result
  }
}

extension DenseFFN {
  public func check(input: UnsafePointer<Float>, output: UnsafePointer<Float>, tokens: [Int]) throws -> CheckResult {
    let reference = DenseFFNReference(parameters)
    let rounding = dtype == .fp32 ? nil : try DenseFFNRounding(parameters, type: dtype)
    var check = CheckAccumulator()
    for token in tokens {
      let x = UnsafeBufferPointer(start: input + token * shape.hidden, count: shape.hidden)
      let expected = reference.token(x)
      check.tokens += 1
      check.add(
        output: UnsafeBufferPointer(start: output + token * shape.hidden, count: shape.hidden), expected: expected,
        rounded: rounding?.token(x, definition: expected))
    }
    return check.result
  }
}

extension CheckAccumulator {
  /// Adds one token of a dense layer. `rounded` is the effect of its element type, nil for fp32. It must not be derived
  /// from `expected`, which may come from a file: subtracting it would then let any expectation pass.
  mutating func add(output: UnsafeBufferPointer<Float>, expected: [Double], rounded: DenseFFNRounding.Output?) {
    for column in output.indices {
      add(
        actual: output[column], expected: expected[column], shift: rounded?.shift[column] ?? 0,
        slack: rounded?.slack[column] ?? 0)
    }
  }
}
