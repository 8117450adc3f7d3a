import CKernels

/// An instruction-set path through the micro-kernels. Raw values are the names used on the command line and in files.
public enum ISA: String, CaseIterable, Codable, Sendable {
  case avx512
  case avx2
  /// Advanced SIMD of 64-bit Arm, which every such CPU has: 32 registers of 4 floats, with fused multiply-add.
  case neon
  /// Portable C, compiled for the baseline of the architecture (SSE2 on x86-64, Armv8.0 on Arm).
  case scalar

  /// The micro-kernels of this path, or nil where this CPU or build cannot run them.
  var microKernels: UnsafePointer<lk_kernels>? {
    switch self {
    case .avx512: return lk_kernels_for(LK_AVX512_BF16) ?? lk_kernels_for(LK_AVX512)
    case .avx2: return lk_kernels_for(LK_AVX2)
    case .neon: return lk_kernels_for(LK_NEON)
    case .scalar: return lk_kernels_for(LK_SCALAR)
    }
  }

  /// Whether this path has a bf16 multiply-add on this CPU. The other paths widen bf16 numbers to floats.
  public var multipliesBF16: Bool { self == .avx512 && lk_kernels_for(LK_AVX512_BF16) != nil }

  public var isSupported: Bool { microKernels != nil }

  /// The paths that this CPU can run, widest first; never empty, since `scalar` runs everywhere.
  public static var supported: [ISA] { allCases.filter(\.isSupported) }

  public static var best: ISA { supported.first ?? .scalar }
}
