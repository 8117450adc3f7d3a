/// The storage type of table entries. Everything else (weights, hash, scores, sums, output) is fp32.
public enum TableType: String, CaseIterable, Codable, Sendable {
  case fp32
  /// The upper half of a float, rounded to nearest, ties to even.
  case bf16
  /// Symmetric: an entry q of a row represents q x scale, with one fp32 scale per row, max|row| / 127.
  case int8

  /// Bytes of an entry.
  public var bytes: Int {
    switch self {
    case .fp32: return 4
    case .bf16: return 2
    case .int8: return 1
    }
  }

  /// Bytes of a row besides its entries: int8's scale.
  public var scaleBytes: Int { self == .int8 ? MemoryLayout<Float>.stride : 0 }

  /// Bytes of a row of `columns` entries with its scale.
  public func rowBytes(columns: Int) -> Int { columns * bytes + scaleBytes }

  /// The largest change of a row's entry by storing it, given the row's largest magnitude.
  ///
  /// bf16 keeps 8 significant bits: half a unit in the last place of x is at most 2^-8 |x|. int8 rounds to the nearest
  /// multiple of the scale.
  public func roundingBound(largest: Float) -> Double {
    switch self {
    case .fp32: return 0
    case .bf16: return Double(largest) * 0x1p-8
    case .int8: return Double(largest) / Double(TableType.int8Largest) / 2
    }
  }

  /// The largest value that does not round to infinity.
  var largestInput: Float {
    // One float below halfway from bf16's largest number, 0x7F7F, to the power of two above it.
    self == .bf16 ? Float(bitPattern: 0x7F7F_7FFF) : .greatestFiniteMagnitude
  }

  /// 127 instead of 128 makes the range symmetric, so that a sign flips exactly.
  static let int8Largest: Float = 127
}
