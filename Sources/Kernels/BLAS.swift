import Foundation
import InputFiles

/// A `cblas` library, loaded at run time and held to one thread: each worker of a run calls it on its own tokens.
public final class BLAS: @unchecked Sendable {
  /// Such as `OpenBLAS 0.3.21`; the file's name where the library does not say.
  public let name: String
  public let path: String
  /// The kernels that the library chose for this CPU, such as `SkylakeX`; nil where it does not say.
  public let coreType: String?

  private typealias SGEMM =
    @convention(c) (
      CInt, CInt, CInt, CInt, CInt, CInt, Float, UnsafePointer<Float>, CInt, UnsafePointer<Float>, CInt, Float,
      UnsafeMutablePointer<Float>, CInt
    ) -> Void
  private let sgemm: SGEMM

  /// Library names tried in turn: Debian's OpenBLAS, then whatever provides the system's `libblas` with cblas symbols.
  private static let candidates = ["libopenblas.so.0", "libblis.so.4", "libcblas.so.3", "libblas.so.3"]

  /// Loads the library at `path`, or the first of the known names that this system has.
  public static func load(path: String? = nil) throws -> BLAS {
    LibraryVariables.clear()
    // Ours while the library loads: it must start no thread pool that spins beside our workers.
    let threadVariables = ["OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "OMP_NUM_THREADS"]
    for variable in threadVariables { setenv(variable, "1", 1) }
    defer { for variable in threadVariables { unsetenv(variable) } }
    var reasons: [String] = []
    for candidate in path.map({ [$0] }) ?? candidates {
      guard let handle = dlopen(candidate, RTLD_NOW | RTLD_LOCAL) else {
        reasons.append(String(cString: dlerror()))
        continue
      }
      if let library = BLAS(handle: handle, path: candidate) { return library }
      reasons.append("\(candidate): no symbol cblas_sgemm")
    }
    throw InputError(
      file: path,
      "expected a BLAS library with cblas_sgemm (Debian: apt-get install libopenblas0-pthread); "
        + reasons.joined(separator: "; "))
  }

  private init?(handle: UnsafeMutableRawPointer, path: String) {
    // PyPI's scipy-openblas prefixes its symbols.
    guard let symbol = dlsym(handle, "cblas_sgemm") ?? dlsym(handle, "scipy_cblas_sgemm") else { return nil }
    sgemm = unsafeBitCast(symbol, to: SGEMM.self)

    typealias Text = @convention(c) () -> UnsafePointer<CChar>?
    func text(_ symbol: String) -> String? {
      guard let address = dlsym(handle, symbol) ?? dlsym(handle, "scipy_" + symbol) else { return nil }
      return unsafeBitCast(address, to: Text.self)().map { String(cString: $0) }
    }
    // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": the first two words are the name.
    let config = text("openblas_get_config")?.split(separator: " ").prefix(2).joined(separator: " ")
    let blis = text("bli_info_get_version_str").map { "BLIS \($0)" }
    name = config ?? blis ?? (path as NSString).lastPathComponent
    coreType = text("openblas_get_corename")
    self.path = path

    typealias SetThreads = @convention(c) (CInt) -> Void
    if let set = dlsym(handle, "openblas_set_num_threads") ?? dlsym(handle, "scipy_openblas_set_num_threads") {
      unsafeBitCast(set, to: SetThreads.self)(1)
    }
  }

  /// C[m, n] = A[m, k] B[n, k]^T + beta C, all row-major with the given row strides.
  func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, bTransposed b: UnsafePointer<Float>, bStride: Int,
    beta: Float, c: UnsafeMutablePointer<Float>, cStride: Int
  ) {
    let rowMajor: CInt = 101
    let plain: CInt = 111
    let transposed: CInt = 112
    sgemm(
      rowMajor, plain, transposed, CInt(m), CInt(n), CInt(k), 1, a, CInt(aStride), b, CInt(bStride), beta, c,
      CInt(cStride))
  }
}
