import CKernels

/// oneDNN: plain products through `dnnl_sgemm`, a dense layer's products through its matmul primitives.
struct OneDNNBackend: ProductBackend {
  let name: String? = "oneDNN"
  let version: String?
  let coreType: String?

  private typealias SGEMM =
    @convention(c) @Sendable (
      CChar, CChar, Int64, Int64, Int64, Float, UnsafePointer<Float>, Int64, UnsafePointer<Float>, Int64, Float,
      UnsafeMutablePointer<Float>, Int64
    ) -> CInt
  private let sgemm: SGEMM
  private let primitives: Result<OneDNN, UnsupportedProduct>

  /// Nil for a library without `dnnl_sgemm`.
  init?(_ symbols: LibrarySymbols) {
    guard let product = symbols.address("dnnl_sgemm") else { return nil }
    sgemm = unsafeBitCast(product, to: SGEMM.self)

    // dnnl_version_t begins with major, minor and patch.
    typealias Version = @convention(c) () -> UnsafePointer<CInt>?
    let numbers = symbols.address("dnnl_version").flatMap { unsafeBitCast($0, to: Version.self)() }
    version = numbers.map { "\($0[0]).\($0[1]).\($0[2])" }
    // A pointer to a hash and the CPU's runtime follow.
    let runtime = numbers.map { UnsafeRawPointer($0).load(fromByteOffset: 24, as: CUnsignedInt.self) }
    primitives = OneDNN.load(symbols, major: numbers.map { Int($0[0]) }, runtime: runtime)
    // This call also makes the library read ONEDNN_MAX_CPU_ISA, which it does once.
    typealias Query = @convention(c) () -> CInt
    coreType = symbols.address("dnnl_get_effective_cpu_isa").map {
      Self.isaName(unsafeBitCast($0, to: Query.self)())
    }
  }

  /// The name of a `dnnl_cpu_isa_t` in ONEDNN_MAX_CPU_ISA; the number where it is unknown.
  static func isaName(_ isa: CInt) -> String {
    let names: [CInt: String] = [
      0x1: "SSE41", 0x3: "AVX", 0x7: "AVX2", 0x27: "AVX512_CORE", 0x67: "AVX512_CORE_VNNI", 0xE7: "AVX512_CORE_BF16",
      0x1EF: "AVX512_CORE_FP16", 0x3E7: "AVX512_CORE_AMX", 0xFEF: "AVX512_CORE_AMX",
    ]
    return names[isa] ?? "ISA 0x" + String(isa, radix: 16)
  }

  func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, bTransposed b: UnsafePointer<Float>, bStride: Int,
    beta: Float, c: UnsafeMutablePointer<Float>, cStride: Int
  ) {
    let plain = CChar(UInt8(ascii: "N"))
    let transposed = CChar(UInt8(ascii: "T"))
    // The status can be invalid arguments, which does not occur, or no memory. A product that was not computed fails
    // the check against the reference that precedes every measurement.
    _ = sgemm(
      plain, transposed, Int64(m), Int64(n), Int64(k), 1, a, Int64(aStride), b, Int64(bStride), beta, c,
      Int64(cStride))
  }

  func prepare(
    _ product: LayerProduct, weights: ProductWeights, kernels: lk_kernels, memory: any MemorySource
  ) throws -> any PreparedProduct {
    OneDNNProduct(product, weights: weights, library: try primitives.get(), memory: memory)
  }
}
