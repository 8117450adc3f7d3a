import Support

/// The parameters of a LookupFFN layer as the published checkpoints store them, row-major, fp32.
public struct LookupFFNParameters {
  public var shape: LookupFFNShape
  /// `LayerNorm.weight` and `LayerNorm.bias`, [hidden].
  public var normScale: [Float]
  public var normShift: [Float]
  public var normEpsilon: Float
  /// `hash.projection.weight`: [projected, hidden] if dense, [repeats, 4, blocks, block, block] (output, input) if BH4.
  public var hashWeight: [Float]
  /// `hash.projection.bias`, [projected].
  public var hashBias: [Float]
  /// Share of the BH4 chain in the hash; the rest is the layer's input.
  public var chainShare: Float
  /// `tables`, [tables, tableRows, output].
  public var tables: [Float]
  /// `bias`, [output].
  public var bias: [Float]
}

extension LookupFFNParameters {
  /// Share of the BH4 chain in the published layers: z = 0.7 chain + 0.3 input.
  public static let publishedChainShare: Float = 0.7

  /// The dimensions of the layer in `file`; no values are read. Throws `InputError` where metadata and tensors
  /// disagree.
  public static func shape(of file: SafeTensors) throws -> LookupFFNShape {
    guard let kind = file.metadata["projection"].flatMap(LookupFFNShape.Hash.init(rawValue:)) else {
      throw InputError(
        file: file.file, key: "__metadata__.projection",
        "expected bh4 or dense, found \(file.metadata["projection"].map(quote) ?? "nothing")")
    }
    let tableShape = try file.shape("tables", rank: 3)
    let hidden = try file.shape("LayerNorm.weight", rank: 1)[0]
    let weightShape = try file.shape("hash.projection.weight", rank: kind == .bh4 ? 5 : 2)
    let shape = LookupFFNShape(
      hidden: hidden, output: tableShape[2], tables: tableShape[0], tableRows: tableShape[1], hash: kind,
      blockSize: kind == .bh4 ? weightShape[4] : 1)
    try shape.validate(file: file.file)
    for (key, value) in [
      ("hidden_size", shape.hidden), ("output_size", shape.output), ("num_table", shape.tables),
      ("table_size", shape.tableRows),
    ] {
      if let stated = try file.metadataInt(key), stated != value {
        throw InputError(
          file: file.file, key: "__metadata__.\(key)", "expected \(value), as the tensors have, found \(stated)")
      }
    }
    for (name, dimensions) in [
      ("LayerNorm.bias", [hidden]), ("hash.projection.weight", shape.hashDimensions),
      ("hash.projection.bias", [shape.projected]), ("bias", [shape.output]),
    ] {
      try file.requireShape(dimensions, of: name)
    }
    return shape
  }

  /// Reads a layer in the published naming. Dimensions come from the metadata and are checked against the tensors.
  public init(_ file: SafeTensors) throws {
    let shape = try Self.shape(of: file)
    let hidden = shape.hidden
    self.init(
      shape: shape,
      normScale: try file.floats("LayerNorm.weight", shape: [hidden]),
      normShift: try file.floats("LayerNorm.bias", shape: [hidden]),
      normEpsilon: Float(try file.metadataDouble("layer_norm_eps") ?? 1e-5),
      hashWeight: try file.floats("hash.projection.weight", shape: shape.hashDimensions),
      hashBias: try file.floats("hash.projection.bias", shape: [shape.projected]),
      chainShare: Float(try file.metadataDouble("decay_coeff") ?? Double(LookupFFNParameters.publishedChainShare)),
      tables: try file.floats("tables", shape: [shape.tables, shape.tableRows, shape.output]),
      bias: try file.floats("bias", shape: [shape.output]))
  }

  /// A layer all of whose weights are alike, so small that no result is out of range.
  static func constant(_ shape: LookupFFNShape) throws -> LookupFFNParameters {
    try shape.validate()
    try CheckedSize.bytes(shape.tableNumbers + shape.hashNumbers, of: Float.self).requireAllocatable()
    func weights(_ count: Int) -> [Float] { [Float](repeating: 1 / 1024, count: count) }
    return LookupFFNParameters(
      shape: shape, normScale: weights(shape.hidden), normShift: weights(shape.hidden), normEpsilon: 1e-5,
      hashWeight: weights(shape.hashDimensions.reduce(1, *)), hashBias: weights(shape.projected),
      chainShare: publishedChainShare, tables: weights(shape.tables * shape.tableRows * shape.output),
      bias: weights(shape.output))
  }

  /// A random layer whose hash scores of normally distributed input are approximately standard normal, so that every
  /// bit of a code is equally likely 0 or 1 and codes are nearly uniform.
  public static func random(_ shape: LookupFFNShape, seed: UInt64) throws -> LookupFFNParameters {
    try shape.validate()
    try CheckedSize.bytes(shape.tableNumbers + shape.hashNumbers, of: Float.self).requireAllocatable()
    var random = RandomSource(seed: seed)
    let weights: [Float]
    switch shape.hash {
    case .dense:
      weights = random.normals(shape.projected * shape.hidden, deviation: 1 / Float(shape.hidden).squareRoot())
    case .bh4:
      // Each factor sums `blockSize` products and its transform `paddedHidden` of those sums.
      let deviation = 1 / Float(shape.blockSize * shape.paddedHidden).squareRoot()
      weights = random.normals(
        shape.repeats * LookupFFNShape.factors * shape.paddedHidden * shape.blockSize, deviation: deviation)
    }
    let tables = [Float](unsafeUninitializedCapacity: shape.tables * shape.tableRows * shape.output) { buffer, count in
      count = shape.tables * shape.tableRows * shape.output
      // Rows of T tables, each scaled by a score below 1, then sum to outputs of order one.
      random.fill(
        UnsafeMutableBufferPointer(rebasing: buffer[0..<count]), deviation: 1 / Float(shape.tables).squareRoot())
    }
    return LookupFFNParameters(
      shape: shape,
      normScale: random.normals(shape.hidden, deviation: 0.1).map { 1 + $0 },
      normShift: random.normals(shape.hidden, deviation: 0.1), normEpsilon: 1e-5,
      hashWeight: weights, hashBias: random.normals(shape.projected, deviation: 0.1),
      chainShare: publishedChainShare, tables: tables, bias: random.normals(shape.output, deviation: 0.1))
  }
}
