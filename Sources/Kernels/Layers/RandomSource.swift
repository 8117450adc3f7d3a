import Foundation

/// SplitMix64 (Steele, Lea and Flood 2014): small, seedable, and the same on every platform, so that a seed
/// identifies a synthetic layer.
public struct RandomSource: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) {
    state = seed
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in -1 ..< 1, with 24 random bits.
  public mutating func uniform() -> Float {
    Float(Int32(truncatingIfNeeded: next() >> 40) - (1 << 23)) * (1.0 / Float(1 << 23))
  }

  /// Normally distributed with mean 0 and the given standard deviation (Box and Muller 1958).
  public mutating func normals(_ count: Int, deviation: Float = 1) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(count + 1)
    while values.count < count {
      // 1 - u is never 0, so the logarithm is finite.
      let radius = (-2 * log(1 - Double(next() >> 11) * 0x1p-53)).squareRoot()
      let angle = 2 * Double.pi * Double(next() >> 11) * 0x1p-53
      values.append(Float(radius * cos(angle)) * deviation)
      values.append(Float(radius * sin(angle)) * deviation)
    }
    return Array(values.prefix(count))
  }

  /// Fills with uniform values of the given standard deviation; cheaper than `normals` for tables of many megabytes.
  public mutating func fill(_ buffer: UnsafeMutableBufferPointer<Float>, deviation: Float) {
    // A uniform variable on -1 ..< 1 has standard deviation 1 / sqrt 3.
    let scale = deviation * Float(3).squareRoot()
    for i in buffer.indices { buffer[i] = uniform() * scale }
  }
}
