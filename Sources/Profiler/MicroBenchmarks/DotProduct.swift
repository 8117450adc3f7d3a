import CMicroBenchmarks

/// An instruction that multiplies and sums narrow elements, several per lane, which makes a bf16 or int8 matrix
/// product faster than an fp32 one. Matrix units (AMX, SME) are not measured; a library that uses them exceeds this
/// peak.
public enum DotProduct: String, CaseIterable, Codable, Sendable {
  /// Pairs of bf16 products summed in fp32.
  case bf16
  /// Fours of unsigned times signed bytes summed in 32 bits.
  case int8

  var code: microbench_dot {
    switch self {
    case .bf16: return MICROBENCH_BF16
    case .int8: return MICROBENCH_INT8
    }
  }

  /// Why this CPU's peak cannot be measured; nil where it can.
  public var missing: String? {
    if microbench_has_dot_product(code) { return nil }
    switch self {
    case .bf16: return "expected vdpbf16ps (AVX512_BF16), which this CPU lacks"
    case .int8: return "expected vpdpbusd (AVX512_VNNI or AVX_VNNI), which this CPU lacks"
    }
  }
}
