import CMicroBenchmarks

/// The vector instructions of a micro-benchmark.
public enum VectorPath: String, CaseIterable, Codable, Sendable {
  case avx512
  case avx2
  /// The architecture's baseline: 128-bit vectors, on x86 without fused multiply-add.
  case baseline

  var code: microbench_path {
    switch self {
    case .avx512: return MICROBENCH_AVX512
    case .avx2: return MICROBENCH_AVX2
    case .baseline: return MICROBENCH_BASELINE
    }
  }

  /// Whether this CPU has the instructions.
  public var isAvailable: Bool { microbench_has(code) }

  /// The paths of this CPU, widest first.
  public static var available: [VectorPath] { allCases.filter(\.isAvailable) }

  /// The widest path of this CPU.
  public static var widest: VectorPath { available.first ?? .baseline }
}
