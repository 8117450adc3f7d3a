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

  /// The shape of `product` with `m` rows.
  init(m: Int, _ product: LayerProduct) {
    self.init(
      m: m, n: product.n, k: product.k, dtype: product.dtype, finish: product.finish,
      roundsResult: product.roundsResult)
  }

  var product: LayerProduct {
    LayerProduct(n: n, k: k, dtype: dtype, finish: finish, roundsResult: roundsResult)
  }

  /// Bytes of the operands and the result as an audit stores them: as floats, and in the product's own type.
  public var memoryNeeded: CheckedSize {
    let elements = CheckedSize(m) * k + CheckedSize(n) * k + CheckedSize(m) * n
    return elements * (MemoryLayout<Float>.stride + dtype.bytes)
  }

  public var flops: Double { 2 * Double(m) * Double(n) * Double(k) }

  /// 20 ms at 200 GFLOP/s, so that an audit of a dozen candidates stays a matter of seconds.
  private static let mostFlops = 4e9
  /// With fewer rows it would be another kind of product: the library would spend its time packing the weights.
  private static let fewestRows = 64

  /// The same product with few enough rows to be timed quickly; beyond a few hundred, rows do not change its rate.
  var affordable: ProductShape {
    var shape = self
    while shape.flops > Self.mostFlops, shape.m >= 2 * Self.fewestRows { shape.m /= 2 }
    return shape
  }
}

/// A layer's products as one worker calls them: the unit for which an audit chooses a library.
public struct AuditLayer: Hashable, Codable, Sendable {
  /// `dense 512-2048-512`, followed by its element type where that is not fp32.
  public var name: String
  /// The products in the shapes that are timed.
  public var products: [ProductShape]

  public init(name: String, products: [ProductShape]) {
    self.name = name
    self.products = products
  }

  /// The layer of a dense network whose workers have up to `tokens` tokens each.
  public static func dense(hidden: Int, intermediate: Int, tokens: Int, dtype: ElementType = .fp32) -> AuditLayer {
    let network = DenseNetwork(hidden: hidden, intermediate: intermediate, dtype: dtype)
    return AuditLayer(network, tokens: tokens) ?? AuditLayer(name: "", products: [])
  }

  /// The element type of the layer's products.
  public var dtype: ElementType { products.first?.dtype ?? .fp32 }

  /// The products of `point` that a library runs; nil where there are none.
  public init?(_ point: Point) {
    self.init(point.network, tokens: largestShare(tokens: point.tokens, workers: point.threads))
  }

  private init?(_ network: any Network, tokens: Int) {
    guard let layer = network.libraryProducts(tokens: tokens) else { return nil }
    self.init(name: layer.name, products: layer.products.map { ProductShape(m: $0.rows, $0.product).affordable })
  }

  /// The layers of `points`, each once, in the points' order.
  public static func all(_ points: [Point]) -> [AuditLayer] {
    var layers: [AuditLayer] = []
    for layer in points.compactMap(AuditLayer.init) where !layers.contains(layer) { layers.append(layer) }
    return layers
  }
}
