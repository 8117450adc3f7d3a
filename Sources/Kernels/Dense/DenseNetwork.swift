import AccessStreams
import Support

/// The dense network of a point: two matrix products around a GELU.
public struct DenseNetwork: Hashable, Sendable {
  public var hidden: Int
  /// Features between the two products (ff).
  public var intermediate: Int
  /// The element type of the weights and of the products' inputs.
  public var dtype: TableType

  public init(hidden: Int, intermediate: Int, dtype: TableType = .fp32) {
    self.hidden = hidden
    self.intermediate = intermediate
    self.dtype = dtype
  }

  public var shape: DenseFFNShape { DenseFFNShape(hidden: hidden, intermediate: intermediate) }
}

extension Parameter {
  public static let intermediate = Parameter(
    "intermediate", .anyCount, default: .value(.int(2048)), "Features between the two products (ff); dense only.")
}

extension DenseNetwork: Network {
  public static let name = "dense"
  public static let meaning = "two dense products"
  public static let isBaseline = true
  public static let layerMark: LayerMark? = LayerMark(
    key: "intermediate_size", tensor: "fc1.weight", title: "dense", phrase: "a dense FFN")

  public static let settings: [NetworkSetting<DenseNetwork>] = [
    .withoutColumn(.hidden) { .int($0.hidden) },
    NetworkSetting(.intermediate) { .int($0.intermediate) },
    .withoutColumn(.dtype) { .name($0.dtype) },
  ]

  public static func dimensions(of metadata: LayerMetadata) throws -> [Parameter: ParameterValue] {
    [
      .hidden: try metadata.number("hidden_size", .hidden),
      .intermediate: try metadata.number("intermediate_size", .intermediate),
    ].compactMapValues { $0 }
  }

  public static func checkLayer(_ file: SafeTensors) throws { _ = try DenseFFNParameters.shape(of: file) }

  public init(_ values: [Parameter: ParameterValue], _ site: ResolvingSite) throws {
    self.init(
      hidden: try values.number(.hidden), intermediate: try values.number(.intermediate),
      dtype: try values.choice(.dtype))
  }

  public init?(_ row: ResultFigures) {
    guard let intermediate = row.int(Parameter.intermediate.name) else { return nil }
    self.init(hidden: row.hidden, intermediate: intermediate, dtype: row.dtype)
  }

  public var output: Int { hidden }
  public var arithmetic: TableType { dtype }
  public func arithmetic(ofStage stage: String) -> TableType {
    [FirstProductStage.name, SecondProductStage.name].contains(stage) ? dtype : .fp32
  }
  /// ff = 4 d.
  public var hasConventionalWidth: Bool { intermediate == 4 * hidden }

  public var shapeLabel: [String] { ["ff=\(intermediate)"] }
  public func shapeText(bytes: (Int) -> String) -> String {
    "d=\(hidden) ff=\(intermediate)" + (dtype == .fp32 ? "" : " \(dtype.rawValue)")
  }

  public func memoryNeeded(tokens: Int) -> CheckedSize {
    let element = MemoryLayout<Float>.stride
    let tokens = CheckedSize(tokens)
    let activations = tokens * (CheckedSize(hidden) + output) * element
    let weights = CheckedSize(intermediate) * (CheckedSize(hidden) + output) + intermediate + output
    let features = tokens * intermediate
    switch dtype {
    case .fp32: return weights * element + activations + features * element
    case .bf16, .int8:
      // The fp32 weights for the check, the compressed weights as converted and as the library packs them, the inputs of
      // both products, and the results of the first product: int8's are 32-bit sums.
      let inputs = (tokens * hidden + features) * dtype.bytes
      let sums = dtype == .int8 ? features * element : CheckedSize(0)
      return weights * (element + 2 * dtype.bytes) + activations + inputs + sums
    }
  }

  public var accounts: [StageAccount] { shape.accounts(dtype) }
  public var parameterCount: Double { Double(intermediate) * 2 * Double(hidden) }

  public func libraryProducts(tokens: Int) -> LibraryProducts? {
    let rows = min(tokens, DenseFFN.defaultTokenTile)
    let products = shape.products(dtype)
    return LibraryProducts(
      name: "dense \(hidden)-\(intermediate)-\(hidden)" + (dtype == .fp32 ? "" : " \(dtype.rawValue)"),
      products: [(rows, products.first), (rows, products.second)])
  }

  public func kernel(at site: KernelSite) throws -> any Kernel {
    let parameters = try site.layer.map { try DenseFFNParameters($0) } ?? synthetic(site)
    return try DenseFFN(
      parameters, dtype: dtype, isa: site.pass.isa, blas: try site.library(), memory: site.memory)
  }

  private func synthetic(_ site: KernelSite) throws -> DenseFFNParameters {
    let weights = CheckedSize(hidden) * intermediate * 2
    try CheckedSize.bytes(weights, of: Float.self).requireAllocatable()
    switch site.parameters {
    case .drawn: return DenseFFNParameters.random(shape, seed: site.seed)
    case .constant: return DenseFFNParameters.constant(shape)
    }
  }
}

extension DenseNetwork: Codable {
  private enum CodingKeys: String, CodingKey { case hidden, intermediate, output, dtype }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      hidden: try container.decode(Int.self, forKey: .hidden),
      intermediate: try container.decode(Int.self, forKey: .intermediate),
      dtype: try container.decode(TableType.self, forKey: .dtype))
    guard try container.decode(Int.self, forKey: .output) == output else {
      throw DecodingError.dataCorruptedError(
        forKey: .output, in: container, debugDescription: "expected as many features as hidden")
    }
  }

  /// `output` is written although it follows from `hidden`, because it is part of the ids of stored points.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(hidden, forKey: .hidden)
    try container.encode(intermediate, forKey: .intermediate)
    try container.encode(output, forKey: .output)
    try container.encode(dtype, forKey: .dtype)
  }
}
