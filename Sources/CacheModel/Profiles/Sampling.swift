/// The lines that a profile follows.
///
/// Spatial sampling (SHARDS: Waldspurger, Park, Garthwaite and Ahmad, "Efficient MRC construction with SHARDS", FAST 2015): a
/// line is followed if a hash of its number is below a threshold, so that all accesses to it are seen or none, and its
/// distances, counted in sampled lines, are the true ones times the rate. The paper reports a mean absolute error of the
/// miss ratio below 0.01 at rates of 0.01 to 0.001 of real storage traces; it shrinks with the square root of the number
/// of sampled lines, so small working sets need high rates.
public enum Sampling: Equatable, Sendable {
  /// Every line: exact.
  case all
  /// The share `rate` of all lines, 0 < rate <= 1.
  case rate(Double)
  /// At most this many lines: the rate falls as distinct lines appear, so that memory is bounded.
  case lines(Int)
}

/// The hash and the threshold of a spatial sample.
struct SpatialFilter {
  /// Resolution of the rate: 2^-24 is far below any rate that leaves lines to count.
  private static let bits: UInt64 = 24
  /// Lines whose hash is below this are followed.
  var threshold: UInt64

  init(rate: Double) {
    threshold = UInt64((rate * Double(1 << SpatialFilter.bits)).rounded(.up))
  }

  var rate: Double { Double(threshold) / Double(1 << SpatialFilter.bits) }

  @inline(__always)
  func follows(_ line: UInt64) -> Bool { SpatialFilter.hash(line) < threshold }

  /// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): neighbouring lines get unrelated hashes.
  @inline(__always)
  static func hash(_ line: UInt64) -> UInt64 {
    var z = line &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ z &>> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z &>> 27) &* 0x94D0_49BB_1331_11EB
    return (z ^ z &>> 31) &>> (64 &- bits)
  }
}
