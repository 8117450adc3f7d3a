import Support

/// The dimensions of a dense feed-forward network.
public struct DenseFFNShape: Hashable, Codable, Sendable {
  /// Features of a token (d).
  public var hidden: Int
  /// Features between the two products (ff).
  public var intermediate: Int

  public init(hidden: Int, intermediate: Int) {
    self.hidden = hidden
    self.intermediate = intermediate
  }
}

/// The parameters of a dense feed-forward network, row-major, fp32: gelu(x W1^T + b1) W2^T + b2.
public struct DenseFFNParameters {
  public var shape: DenseFFNShape
  /// `fc1.weight`, [intermediate, hidden], and `fc1.bias`.
  public var weight1: [Float]
  public var bias1: [Float]
  /// `fc2.weight`, [hidden, intermediate], and `fc2.bias`.
  public var weight2: [Float]
  public var bias2: [Float]
}

extension DenseFFNParameters {
  /// The dimensions of the layer in `file`; no values are read. Throws `InputError` where tensors do not have these
  /// dimensions, or where the layer's activation is not this kernel's.
  public static func shape(of file: SafeTensors) throws -> DenseFFNShape {
    let first = try file.shape("fc1.weight", rank: 2)
    let shape = DenseFFNShape(hidden: first[1], intermediate: first[0])
    guard shape.hidden >= 1, shape.intermediate >= 1 else {
      throw InputError(file: file.file, key: "fc1.weight", "expected at least one row and column, found \(first)")
    }
    if let activation = file.metadata["activation"], activation != "gelu_erf" {
      throw InputError(file: file.file, key: "__metadata__.activation", "expected gelu_erf, found \(quote(activation))")
    }
    for (name, dimensions) in [
      ("fc1.bias", [shape.intermediate]), ("fc2.weight", [shape.hidden, shape.intermediate]),
      ("fc2.bias", [shape.hidden]),
    ] {
      try file.requireShape(dimensions, of: name)
    }
    return shape
  }

  public init(_ file: SafeTensors) throws {
    let shape = try Self.shape(of: file)
    self.init(
      shape: shape,
      weight1: try file.floats("fc1.weight"),
      bias1: try file.floats("fc1.bias", shape: [shape.intermediate]),
      weight2: try file.floats("fc2.weight", shape: [shape.hidden, shape.intermediate]),
      bias2: try file.floats("fc2.bias", shape: [shape.hidden]))
  }

  /// A layer all of whose weights are alike, so small that no result is out of range.
  static func constant(_ shape: DenseFFNShape) -> DenseFFNParameters {
    func weights(_ count: Int) -> [Float] { [Float](repeating: 1 / 1024, count: count) }
    return DenseFFNParameters(
      shape: shape, weight1: weights(shape.hidden * shape.intermediate), bias1: weights(shape.intermediate),
      weight2: weights(shape.hidden * shape.intermediate), bias2: weights(shape.hidden))
  }

  /// A random layer whose intermediate and output features are of order one for standard normal input.
  public static func random(_ shape: DenseFFNShape, seed: UInt64) -> DenseFFNParameters {
    var random = RandomSource(seed: seed)
    let count = shape.hidden * shape.intermediate
    return DenseFFNParameters(
      shape: shape,
      weight1: random.normals(count, deviation: 1 / Float(shape.hidden).squareRoot()),
      bias1: random.normals(shape.intermediate, deviation: 0.1),
      weight2: random.normals(count, deviation: 1 / Float(shape.intermediate).squareRoot()),
      bias2: random.normals(shape.hidden, deviation: 0.1))
  }
}
