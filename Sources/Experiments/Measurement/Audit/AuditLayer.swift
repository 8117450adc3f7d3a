import Kernels
import Plans
import Support

/// One matrix product, C[m, n] = A[m, k] B[n, k]^T, of one element type, as its layer calls it: a dense layer's with bias
/// and GELU, where the library can fuse them and where our own pass follows.
public struct ProductShape: Hashable, Codable, Sendable {
  public var m: Int
  public var n: Int
  public var k: Int
  public var dtype: ElementType
  public var finish: LayerProduct.Finish
  /// Whether bf16 results are rounded to bf16.
  public var roundsResult: Bool

  public init(
    m: Int, n: Int, k: Int, dtype: ElementType = .fp32, finish: LayerProduct.Finish = .none, roundsResult: Bool = false
  ) {
    self.m = m
    self.n = n
    self.k = k
    self.dtype = dtype
    self.finish = finish
    self.roundsResult = roundsResult
  }

  /// `product` of `m` rows.
  init(m: Int, _ product: LayerProduct) {
    self.init(
      m: m, n: product.n, k: product.k, dtype: product.dtype, finish: product.finish,
      roundsResult: product.roundsResult)
  }

  var product: LayerProduct {
    LayerProduct(n: n, k: k, dtype: dtype, finish: finish, roundsResult: roundsResult)
  }

  /// Bytes of the operands and the result as an audit holds them: as floats, and in the product's own type.
  public var memoryNeeded: CheckedSize {
    let elements = CheckedSize(m) * k + CheckedSize(n) * k + CheckedSize(m) * n
    return elements * (MemoryLayout<Float>.stride + dtype.bytes)
  }

  public var flops: Double { 2 * Double(m) * Double(n) * Double(k) }

  /// 20 ms at 200 GFLOP/s, so that an audit of a dozen candidates stays a matter of seconds.
  private static let mostFlops = 4e9
  /// Fewer rows would be another kind of product: the library would spend its time packing the weights.
  private static let fewestRows = 64

  /// With so few rows that timing it does not take long: its rate does not depend on them beyond a few hundred.
  var affordable: ProductShape {
    var shape = self
    while shape.flops > Self.mostFlops, shape.m >= 2 * Self.fewestRows { shape.m /= 2 }
    return shape
  }
}

/// A layer's products as one worker calls them, which one library is to run: what an audit chooses for.
public struct AuditLayer: Hashable, Codable, Sendable {
  /// `dense 512-2048-512`, followed by its element type where that is not fp32.
  public var name: String
  /// As they are timed.
  public var products: [ProductShape]

  public init(name: String, products: [ProductShape]) {
    self.name = name
    self.products = products
  }

  /// A dense layer whose workers have up to `tokens` tokens each.
  public static func dense(hidden: Int, intermediate: Int, tokens: Int, dtype: ElementType = .fp32) -> AuditLayer {
    let m = min(tokens, DenseFFN.defaultTokenTile)
    let products = DenseFFNShape(hidden: hidden, intermediate: intermediate).products(dtype)
    return AuditLayer(
      name: "dense \(hidden)-\(intermediate)-\(hidden)" + (dtype == .fp32 ? "" : " \(dtype.rawValue)"),
      products: [ProductShape(m: m, products.first).affordable, ProductShape(m: m, products.second).affordable])
  }

  /// The element type of the layer's products.
  public var dtype: ElementType { products.first?.dtype ?? .fp32 }

  /// The products of `point` that a library runs; nil where it has none.
  public init?(_ point: Point) {
    let tokens = largestShare(tokens: point.tokens, workers: point.threads)
    switch point.kernel {
    case .dense:
      self = .dense(
        hidden: point.hidden, intermediate: point.intermediate ?? 4 * point.hidden, tokens: tokens, dtype: point.dtype)
    case .lookup:
      guard point.projection == .dense, let tables = point.tables, let rows = point.tableRows else { return nil }
      let shape = LookupFFNShape(
        hidden: point.hidden, output: point.output, tables: tables, tableRows: rows, projection: .dense,
        blockSize: point.blockSize ?? 1)
      let tile = min(tokens, LookupFFN.denseProjectionTile)
      let name = "hash \(shape.hidden)-\(shape.projected)"
      if let type = point.projectionDtype {
        self.init(
          name: "\(name) \(type.rawValue)",
          products: [ProductShape(m: tile, shape.projectionProduct(type)).affordable])
      } else {
        // The product is transposed: its columns are tokens. It is fp32 whatever the type of the tables.
        self.init(
          name: name, products: [ProductShape(m: shape.projected, n: tile, k: shape.hidden).affordable])
      }
    }
  }

  /// Those of `points`, each once, in their order.
  public static func all(_ points: [Point]) -> [AuditLayer] {
    var layers: [AuditLayer] = []
    for layer in points.compactMap(AuditLayer.init) where !layers.contains(layer) { layers.append(layer) }
    return layers
  }
}
