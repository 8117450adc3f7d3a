/// What a stage costs per token by the definition of the algorithm, whatever code computes it.
///
/// Convention: one addition, multiplication, comparison, exponential, division or error function is one FLOP, so that a
/// multiply-add is two.
public struct StageAccount: Codable, Equatable, Sendable {
  public var stage: String
  public var flops: Double
  /// Activations read and written, and rows looked up; bytes per token.
  public var activationBytes: Double
  public var tableBytes: Double
  /// Weights that the stage reads, in total and not per token: a batch reads them at least once.
  public var weightBytes: Double

  public init(stage: String, flops: Double, activationBytes: Double, tableBytes: Double, weightBytes: Double) {
    self.stage = stage
    self.flops = flops
    self.activationBytes = activationBytes
    self.tableBytes = tableBytes
    self.weightBytes = weightBytes
  }

  /// Bytes per token when a batch of `tokens` reads the weights once.
  public func algorithmicBytes(tokens: Int) -> Double {
    activationBytes + tableBytes + weightBytes / Double(max(tokens, 1))
  }
}

extension LookupFFNShape {
  /// What each stage of a look-up costs, with tables of `type`.
  public func accounts(tables type: TableType, projection projectionType: ProjectionType = .fp32) -> [StageAccount] {
    let float = Double(MemoryLayout<Float>.stride)
    let d = Double(hidden)
    let z = Double(projected)
    let padded = Double(paddedHidden)
    let chain = Double(repeats * LookupFFNShape.factors)
    let stages = Double(paddedHidden.trailingZeroBitCount)
    // Mean: d. Variance: 3 d. Normalise, scale and shift: 4 d.
    let norm = StageAccount(
      stage: "layer norm", flops: 8 * d, activationBytes: 2 * d * float, tableBytes: 0, weightBytes: 2 * d * float)
    // Rounding an input is no arithmetic of the definition, as with the tables; input and scores are floats.
    let weight = Double(projectionType.element.bytes)
    let projection: StageAccount
    switch self.projection {
    case .dense:
      projection = StageAccount(
        stage: StageAccount.projection, flops: 2 * z * d + z, activationBytes: (d + z) * float, tableBytes: 0,
        weightBytes: z * (d * weight + float))
    case .bh4:
      projection = StageAccount(
        stage: StageAccount.projection,
        // Block products, transforms, then 0.7 chain + 0.3 input + bias.
        flops: chain * (2 * padded * Double(blockSize) + padded * stages) + 4 * z,
        activationBytes: (d + z) * float, tableBytes: 0,
        weightBytes: chain * padded * Double(blockSize) * weight + z * float)
    }
    return [
      norm, projection,
      StageAccount(
        // Per bit: compare, |z| and its sum, -2 |z|, exp, 1 +, product; per table: one division.
        stage: "code and score", flops: 7 * z + Double(tables), activationBytes: (z + 2 * Double(tables)) * float,
        tableBytes: 0, weightBytes: 0),
      StageAccount(
        // int8: one more product per row, scale and score. Widening an entry is no arithmetic of the definition.
        stage: "gather", flops: 2 * Double(tables) * Double(output) + (type.scaleBytes > 0 ? Double(tables) : 0),
        activationBytes: (Double(output) + 2 * Double(tables)) * float,
        tableBytes: Double(tables) * Double(type.rowBytes(columns: output)), weightBytes: Double(output) * float),
    ]
  }
}

extension DenseFFNShape {
  /// What each stage of a dense network costs. Input and output are fp32; weights and intermediate features are of the element type, int8's sums 32 bits.
  public func accounts(_ type: TableType) -> [StageAccount] {
    let float = Double(MemoryLayout<Float>.stride)
    let element = Double(type.bytes)
    let d = Double(hidden)
    let ff = Double(intermediate)
    // int8: |x|, the largest, a product and rounding for each element that is quantised; a product for each sum.
    let quantise = type == .int8 ? 4.0 : 0
    let dequantise = type == .int8 ? 1.0 : 0
    // What the products write, and GELU reads: sums in int8, else the features themselves.
    let sums = type == .int8 ? float : element
    let scale = Double(type.scaleBytes)
    return [
      StageAccount(
        stage: StageAccount.firstProduct, flops: 2 * d * ff + quantise * d, activationBytes: d * float + ff * sums,
        tableBytes: 0, weightBytes: d * ff * element + ff * scale),
      // Bias, division by sqrt 2, erf, 1 +, and two products.
      StageAccount(
        stage: "bias and GELU", flops: (6 + dequantise + quantise) * ff, activationBytes: ff * (sums + element),
        tableBytes: 0, weightBytes: ff * float),
      StageAccount(
        stage: StageAccount.secondProduct, flops: 2 * d * ff + (1 + dequantise) * d,
        activationBytes: ff * element + d * float, tableBytes: 0, weightBytes: d * ff * element + d * (float + scale)),
    ]
  }
}

extension StageAccount {
  /// The stage of a look-up whose products are of its projection's type.
  public static let projection = "projection"
  /// The stages of a dense network whose arithmetic is of its element type; all other arithmetic is fp32.
  public static let firstProduct = "first product"
  public static let secondProduct = "second product"
}
