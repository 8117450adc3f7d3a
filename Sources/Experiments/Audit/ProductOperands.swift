import Kernels
import Profiler

/// The operands of one product, in huge pages that the worker has touched.
final class ProductOperands {
  private let product: ProductShape
  private let memory: [PlacedMemory]
  private let a: UnsafeMutablePointer<Float>
  private let b: UnsafeMutablePointer<Float>
  private let c: UnsafeMutablePointer<Float>

  init(_ product: ProductShape, pool: PinnedPool, topology: Topology) throws {
    self.product = product
    func floats(_ count: Int) throws -> (PlacedMemory, UnsafeMutablePointer<Float>) {
      let memory = try PlacedMemory(
        bytes: max(1, count) * MemoryLayout<Float>.stride, pages: .transparentHuge, topology: topology)
      try memory.touch(by: pool, thread: 0)
      return (memory, try memory.bind(to: Float.self, count: count))
    }
    let (aMemory, a) = try floats(product.m * product.k)
    let (bMemory, b) = try floats(product.n * product.k)
    let (cMemory, c) = try floats(product.m * product.n)
    memory = [aMemory, bMemory, cMemory]
    self.a = a
    self.b = b
    self.c = c
    // Any seed does: a product's time does not depend on its values, unless they are denormal.
    var random = RandomSource(seed: 1)
    for index in 0..<product.m * product.k { a[index] = Float.random(in: -1...1, using: &random) }
    for index in 0..<product.n * product.k { b[index] = Float.random(in: -1...1, using: &random) }
    for index in 0..<product.m * product.n { c[index] = .nan }
  }

  func multiply(_ library: BLAS) {
    library.multiply(
      m: product.m, n: product.n, k: product.k, a: a, aStride: product.k, bTransposed: b, bStride: product.k, beta: 0,
      c: c, cStride: product.n)
  }

  /// Elements compared with a product in double precision: the corners and others all over the result.
  private static let compared = 256

  /// The first element compared that is not what the operands give.
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
      // Whatever the order of its additions, a product of k terms is within k roundings of the sum of magnitudes.
      let bound = Double(product.k + 1) * Double(Float.ulpOfOne) / 2 * magnitude
      let actual = Double(c[place])
      // Not a comparison for greater, which a NaN would pass.
      if !(abs(actual - expected) <= bound) { return (row, column) }
    }
    return nil
  }
}
