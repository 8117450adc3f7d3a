import Foundation

/// The dense feed-forward network by its definition, one token at a time in double precision.
public struct DenseFFNReference {
  private let parameters: DenseFFNParameters

  public init(_ parameters: DenseFFNParameters) {
    self.parameters = parameters
  }

  /// Runs one token, [hidden] floats, to [hidden] outputs.
  public func token(_ x: UnsafeBufferPointer<Float>) -> [Double] {
    let hidden = product(parameters.weight1, parameters.bias1, x.map(Double.init)).map(gelu)
    return product(parameters.weight2, parameters.bias2, hidden)
  }

  private func product(_ weight: [Float], _ bias: [Float], _ x: [Double]) -> [Double] {
    weight.withUnsafeBufferPointer { weight in
      bias.indices.map { row in
        var sum = Double(bias[row])
        for i in x.indices { sum += Double(weight[row * x.count + i]) * x[i] }
        return sum
      }
    }
  }
}

/// x/2 (1 + erf(x / sqrt 2)).
func gelu(_ x: Double) -> Double {
  0.5 * x * (1 + erf(x / 2.0.squareRoot()))
}
