import CKernels
import Foundation

/// Any library with `cblas_sgemm`: OpenBLAS, BLIS, MKL, the system's BLAS.
struct CBLASBackend: ProductBackend {
  let name: String?
  let version: String?
  let coreType: String?

  private typealias SGEMM =
    @convention(c) @Sendable (
      CInt, CInt, CInt, CInt, CInt, CInt, Float, UnsafePointer<Float>, CInt, UnsafePointer<Float>, CInt, Float,
      UnsafeMutablePointer<Float>, CInt
    ) -> Void
  private let sgemm: SGEMM

  /// bf16 operands, fp32 result: OpenBLAS built with BUILD_BFLOAT16, and MKL.
  private typealias BF16GEMM =
    @convention(c) @Sendable (
      CInt, CInt, CInt, CInt, CInt, CInt, Float, UnsafeRawPointer, CInt, UnsafeRawPointer, CInt, Float,
      UnsafeMutableRawPointer, CInt
    ) -> Void
  private let bf16gemm: BF16GEMM?

  /// Unsigned bytes times signed bytes, with offsets that are added to A and to B and a vector that is added to C:
  /// MKL. In row-major order A is the unsigned operand, contrary to the symbol's name.
  private typealias Int8GEMM =
    @convention(c) @Sendable (
      CInt, CInt, CInt, CInt, CInt, CInt, CInt, Float, UnsafeRawPointer, CInt, Int8, UnsafeRawPointer, CInt, Int8,
      Float, UnsafeMutableRawPointer, CInt, UnsafePointer<Int32>
    ) -> Void
  private let int8gemm: Int8GEMM?

  /// Nil for a library without `cblas_sgemm`.
  init?(_ symbols: LibrarySymbols) {
    // PyPI's scipy-openblas prefixes its symbols.
    guard let product = symbols.address("cblas_sgemm", "scipy_cblas_sgemm") else { return nil }
    sgemm = unsafeBitCast(product, to: SGEMM.self)
    bf16gemm = symbols.address("cblas_sbgemm", "scipy_cblas_sbgemm", "cblas_gemm_bf16bf16f32").map {
      unsafeBitCast($0, to: BF16GEMM.self)
    }
    int8gemm = symbols.address("cblas_gemm_s8u8s32").map { unsafeBitCast($0, to: Int8GEMM.self) }
    if let config = symbols.text("openblas_get_config", "scipy_openblas_get_config") {
      // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...".
      let words = config.split(separator: " ").map(String.init)
      name = words.first
      version = words.dropFirst().first
      coreType = symbols.text("openblas_get_corename", "scipy_openblas_get_corename")
      symbols.set(1, "openblas_set_num_threads", "scipy_openblas_set_num_threads")
    } else if let blis = symbols.text("bli_info_get_version_str") {
      name = "BLIS"
      version = blis
      coreType = blisArchitecture(symbols)
    } else if symbols.address("MKL_Set_Threading_Layer") != nil {
      // Selects the sequential layer before any other call, because the next call would load the threaded one.
      symbols.set(1, "MKL_Set_Threading_Layer")
      name = "MKL"
      version = mklVersion(symbols)
      // The library reports the instructions that it may use at most, not those that it uses.
      coreType = nil
    } else {
      name = nil
      version = nil
      coreType = nil
    }
  }

  func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, bTransposed b: UnsafePointer<Float>, bStride: Int,
    beta: Float, c: UnsafeMutablePointer<Float>, cStride: Int
  ) {
    sgemm(
      Self.rowMajor, Self.plain, Self.transposed, CInt(m), CInt(n), CInt(k), 1, a, CInt(aStride), b, CInt(bStride),
      beta,
      c, CInt(cStride))
  }

  // Constants of cblas.h; the last is MKL's, for one number that is added to all of C.
  private static let rowMajor: CInt = 101
  private static let plain: CInt = 111
  private static let transposed: CInt = 112
  private static let fixedOffset: CInt = 173

  func prepare(
    _ product: LayerProduct, weights: ProductWeights, kernels: lk_kernels, memory: any MemorySource
  ) throws -> any PreparedProduct {
    let (n, k) = (CInt(product.n), CInt(product.k))
    let values = weights.values
    let multiply: CBLASProduct.Multiply
    switch product.dtype {
    case .fp32:
      multiply = { [sgemm] rows, a, beta, c in
        sgemm(
          Self.rowMajor, Self.plain, Self.transposed, CInt(rows), n, k, 1, a.assumingMemoryBound(to: Float.self), k,
          values.assumingMemoryBound(to: Float.self), k, beta, c.assumingMemoryBound(to: Float.self), n)
      }
    case .bf16:
      guard let bf16gemm else { throw UnsupportedProduct("no symbol cblas_sbgemm or cblas_gemm_bf16bf16f32") }
      multiply = { rows, a, beta, c in
        bf16gemm(Self.rowMajor, Self.plain, Self.transposed, CInt(rows), n, k, 1, a, k, values, k, beta, c, n)
      }
    case .int8:
      guard let int8gemm else { throw UnsupportedProduct("no symbol cblas_gemm_s8u8s32") }
      multiply = { rows, a, beta, c in
        var offset: Int32 = 0
        int8gemm(
          Self.rowMajor, Self.plain, Self.transposed, Self.fixedOffset, CInt(rows), n, k, 1, a, k, 0, values, k, 0,
          beta,
          c, n, &offset)
      }
    }
    return CBLASProduct(product, bias: weights.bias, kernels: kernels, multiply: multiply)
  }
}

/// BLIS's name for the configuration in use; reads BLIS_ARCH_TYPE, which it does once.
private func blisArchitecture(_ symbols: LibrarySymbols) -> String? {
  typealias Setup = @convention(c) () -> Void
  typealias Query = @convention(c) () -> CInt
  typealias Name = @convention(c) (CInt) -> UnsafePointer<CChar>?
  guard let query = symbols.address("bli_arch_query_id"), let name = symbols.address("bli_arch_string") else {
    return nil
  }
  // This comes first, because a forced configuration is looked up in what it sets up, and a missing one ends the
  // process.
  if let setUp = symbols.address("bli_init") { unsafeBitCast(setUp, to: Setup.self)() }
  let id = unsafeBitCast(query, to: Query.self)()
  return unsafeBitCast(name, to: Name.self)(id).map { String(cString: $0) }
}

extension CBLASBackend {
  /// BLIS's own number for a configuration, which differs between versions; nil where it has none of that name.
  static func blisNumber(ofArchitecture name: String, _ symbols: LibrarySymbols) -> CInt? {
    typealias Name = @convention(c) (CInt) -> UnsafePointer<CChar>?
    guard let address = symbols.address("bli_arch_string") else { return nil }
    let text = unsafeBitCast(address, to: Name.self)
    // "generic" is the last entry of its table; 100 is beyond the table of any version.
    for number in CInt(0)..<100 {
      guard let known = text(number).map({ String(cString: $0) }), known != "generic" else { return nil }
      if known == name { return number }
    }
    return nil
  }
}

/// The number in "Intel(R) oneAPI Math Kernel Library Version 2024.0-Product Build ...".
private func mklVersion(_ symbols: LibrarySymbols) -> String? {
  typealias Version = @convention(c) (UnsafeMutablePointer<CChar>, CInt) -> Void
  guard let address = symbols.address("MKL_Get_Version_String", "mkl_get_version_string") else { return nil }
  // 198 is the size in MKL's documentation.
  var buffer = [CChar](repeating: 0, count: 256)
  unsafeBitCast(address, to: Version.self)(&buffer, 255)
  let words = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    .split(separator: " ")
  guard let place = words.firstIndex(of: "Version"), place + 1 < words.count else { return nil }
  return words[place + 1].split(separator: "-").first.map(String.init)
}
