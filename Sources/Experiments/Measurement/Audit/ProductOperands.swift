import Kernels
import Profiler
import Support

/// The operands of one product, in huge pages that the worker has touched, prepared by a library as a layer's are.
final class ProductOperands {
  private let product: ProductShape
  private let a: [Float]
  private let b: [Float]
  private let bias: [Float]
  private let timed: TimedProduct

  init(_ product: ProductShape, of library: BLAS, pool: PinnedPool, topology: Topology) throws {
    self.product = product
    try product.memoryNeeded.requireAllocatable()
    // Any seed will do, since a product's time does not depend on its values unless they are denormal. The values are
    // whole numbers that every element type holds exactly, so that results are as exact in bf16 and int8 as in fp32.
    var random = RandomSource(seed: 1)
    func values(_ count: Int, _ range: ClosedRange<Int>) -> [Float] {
      (0..<count).map { _ in Float(Int.random(in: range, using: &random)) }
    }
    // int8's other operand is unsigned.
    let isInt8 = product.dtype == .int8
    a = values(product.m * product.k, isInt8 ? 0...255 : -100...100)
    b = values(product.n * product.k, isInt8 ? -127...127 : -100...100)
    bias = values(product.n, -100...100)
    timed = try TimedProduct(
      product.product, rows: product.m, x: a, weights: b, bias: bias, library: library,
      memory: PlacedSource(pool: pool, policy: .local, pages: .transparentHuge, topology: topology))
  }

  func multiply() { timed.run() }

  /// The number of elements compared with a product in double precision: the corners and others all over the result.
  private static let compared = 256

  /// The place of the first compared element that is wrong; nil where all are right.
  func firstWrong() -> (row: Int, column: Int)? {
    let count = product.m * product.n
    var random = RandomSource(seed: 2)
    let places =
      [0, product.n - 1, count - product.n, count - 1]
      + (0..<Self.compared).map { _ in Int.random(in: 0..<count, using: &random) }
    for place in places {
      let (row, column) = place.quotientAndRemainder(dividingBy: product.n)
      var expected = 0.0
      var magnitude = 0.0
      for index in 0..<product.k {
        let term = Double(a[row * product.k + index]) * Double(b[column * product.k + index])
        expected += term
        magnitude += abs(term)
      }
      let (low, high) = timed.range(sum: expected, magnitude: magnitude, bias: Double(bias[column]))
      let actual = timed.result(place)
      // Written so that a NaN fails.
      if !(actual >= low && actual <= high) { return (row, column) }
    }
    return nil
  }
}
