import CKernels
import Foundation

/// What differs between libraries: their names and their products, which workers call at the same time.
protocol ProductBackend: Sendable {
  /// Nil where the library does not state it, as with the next two.
  var name: String? { get }
  var version: String? { get }
  var coreType: String? { get }

  /// C[m, n] = A[m, k] B[n, k]^T + beta C, all row-major with the given row strides.
  func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, bTransposed b: UnsafePointer<Float>, bStride: Int,
    beta: Float, c: UnsafeMutablePointer<Float>, cStride: Int
  )

  /// A dense layer's product with these weights, finished by the library where it can and otherwise by `kernels`.
  /// Throws `UnsupportedProduct`.
  func prepare(
    _ product: LayerProduct, weights: ProductWeights, kernels: lk_kernels, memory: any MemorySource
  ) throws -> any PreparedProduct
}

/// A loaded library's symbols.
struct LibrarySymbols {
  let handle: UnsafeMutableRawPointer

  /// The address of the first of `names` that the library has.
  func address(_ names: String...) -> UnsafeMutableRawPointer? {
    names.lazy.compactMap { dlsym(handle, $0) }.first
  }

  /// The result of a function without arguments that returns a C string.
  func text(_ names: String...) -> String? {
    typealias Text = @convention(c) () -> UnsafePointer<CChar>?
    guard let address = names.lazy.compactMap({ dlsym(handle, $0) }).first else { return nil }
    return unsafeBitCast(address, to: Text.self)().map { String(cString: $0) }
  }

  /// Calls a function of one C int, where the library has it.
  func set(_ value: CInt, _ names: String...) {
    typealias Set = @convention(c) (CInt) -> Void
    guard let address = names.lazy.compactMap({ dlsym(handle, $0) }).first else { return }
    unsafeBitCast(address, to: Set.self)(value)
  }
}
