import CKernels
import Foundation
import Support

/// A library of matrix products, loaded at run time and limited to one thread, because each worker of a run calls it
/// on its own tokens.
public final class BLAS: Sendable {
  /// The library's name, such as `OpenBLAS`; the file's name where the library does not state one.
  public let name: String
  /// The version, such as `0.3.21`; nil where the library does not state it.
  public let version: String?
  /// The kernels that the library chose for this CPU, or was told to use, such as `SkylakeX`; nil where it does not state
  /// them.
  public let coreType: String?
  /// The file it was loaded from.
  public let path: String

  private let backend: any ProductBackend

  init(_ backend: any ProductBackend, path: String) {
    self.backend = backend
    self.path = path
    name = backend.name ?? (path as NSString).lastPathComponent
    version = backend.version
    coreType = backend.coreType
  }

  /// Name and version, such as `OpenBLAS 0.3.21`.
  public var title: String { [name, version].compactMap { $0 }.joined(separator: " ") }

  /// Name, version and core type, such as `OpenBLAS 0.3.21 SkylakeX`.
  public var fullTitle: String { [title, coreType].compactMap { $0 }.joined(separator: " ") }

  /// C[m, n] = A[m, k] B[n, k]^T + beta C, all row-major with the given row strides.
  public func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, bTransposed b: UnsafePointer<Float>, bStride: Int,
    beta: Float, c: UnsafeMutablePointer<Float>, cStride: Int
  ) {
    backend.multiply(
      m: m, n: n, k: k, a: a, aStride: aStride, bTransposed: b, bStride: bStride, beta: beta, c: c, cStride: cStride)
  }

  /// See `ProductBackend.prepare`; the message of `UnsupportedProduct` names the library.
  func prepare(
    _ product: LayerProduct, weights: ProductWeights, kernels: lk_kernels, memory: any MemorySource
  ) throws -> any PreparedProduct {
    do {
      return try backend.prepare(product, weights: weights, kernels: kernels, memory: memory)
    } catch let error as UnsupportedProduct {
      throw UnsupportedProduct("\(title) cannot multiply in \(product.dtype.rawValue): \(error)")
    }
  }
}
