import CKernels
import Support

/// A layer's tables in the type and order that the gather reads: [slice][table][row][slice's columns], so that the
/// block that a strategy keeps in a cache is contiguous. In the stored layout, the slices of all rows are a whole row
/// apart, usually a power of two, and so map to a few of a cache's sets: a slice of 64 of 512 columns could use only
/// an eighth of any cache.
///
/// int8's scales lie in an array of their own, not in front of their rows. So a row of 512 columns is exactly 8
/// aligned cache lines, where 4 more bytes would make every row straddle a ninth line (or cost a whole line of
/// padding), and a gather of a column slice would fetch the row's first line only for its scale. The scales of a
/// table of 256 rows are 16 lines, so those of a table group stay in the first-level cache during a tile of tokens.
struct PackedTables {
  let type: TableType
  let columns: Int
  /// In order from column 0 on.
  let slices: [Range<Int>]
  private let rowCount: Int
  private let rows: FloatBuffer
  /// [tables, tableRows]; int8 only.
  private let scales: FloatBuffer?

  /// Converts `values`, [tables, tableRows, output].
  init(
    _ values: [Float], shape: LookupFFNShape, slices: [Range<Int>], type: TableType, memory: any MemorySource,
    copy: Int = 0
  ) throws {
    self.type = type
    self.slices = slices
    columns = shape.output
    rowCount = shape.tables * shape.tableRows
    rows = try memory.floats((values.count * type.bytes + 3) / 4, for: .tables(copy: copy))
    scales = type == .int8 ? try memory.floats(rowCount, for: .tables(copy: copy)) : nil

    let wrong = values.withUnsafeBufferPointer { values in
      (0..<rowCount).first { row in
        !store(UnsafeBufferPointer(rebasing: values[row * columns..<(row + 1) * columns]), row: row)
      }
    }
    if let wrong {
      throw InputError(
        key: "tables",
        "expected finite values that \(type.rawValue) can hold, "
          + "found others in row \(wrong % shape.tableRows) of table \(wrong / shape.tableRows)")
    }
  }

  /// Converts one row. Returns false where a value cannot be represented.
  private func store(_ source: UnsafeBufferPointer<Float>, row: Int) -> Bool {
    var scale: Float = 0
    if type != .fp32 {
      guard let largest = largestMagnitude(source), largest <= type.largestInput else { return false }
      scale = int8Scale(largest: largest)
      scales?.base[row] = scale
    }
    for slice in slices {
      let part = UnsafeBufferPointer(rebasing: source[slice])
      let target = address(row: row, column: slice.lowerBound)
      switch type {
      case .fp32:
        if let start = part.baseAddress {
          target.assumingMemoryBound(to: Float.self).update(from: start, count: part.count)
        }
      case .bf16: roundToBF16(part, into: target.assumingMemoryBound(to: UInt16.self))
      case .int8: quantise(part, scale: scale, into: target.assumingMemoryBound(to: Int8.self))
      }
    }
    return true
  }

  /// The first byte of an entry, counted in the order of the layout.
  func address(element: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(rows.base) + element * type.bytes
  }

  /// The first byte of entry `column` of row `row`, counted over all tables.
  func address(row: Int, column: Int) -> UnsafeMutableRawPointer {
    let slice = slices.first { $0.contains(column) } ?? 0..<columns
    return address(element: slice.lowerBound * rowCount + row * slice.count + column - slice.lowerBound)
  }

  /// The scales from that of row `row` on; nil for types without scales.
  func scales(row: Int) -> UnsafeMutablePointer<Float>? {
    scales.map { $0.base + row }
  }

  /// The value of entry `column` of row `row`.
  func value(row: Int, column: Int) -> Double {
    let address = address(row: row, column: column)
    switch type {
    case .fp32: return Double(address.load(as: Float.self))
    case .bf16: return Double(Float(bitPattern: UInt32(address.load(as: UInt16.self)) << 16))
    case .int8: return Double(address.load(as: Int8.self)) * Double(scales?.base[row] ?? 0)
    }
  }
}

/// The largest magnitude, or nil where a value is infinite or NaN.
func largestMagnitude(_ values: UnsafeBufferPointer<Float>) -> Float? {
  // Without their sign, the bits of floats are ordered as the floats are, with infinity and NaN above all others.
  var largest: UInt32 = 0
  for value in values { largest = max(largest, value.bitPattern & 0x7FFF_FFFF) }
  let magnitude = Float(bitPattern: largest)
  return magnitude.isFinite ? magnitude : nil
}

/// Rounds finite values to bf16, to nearest, ties to even.
func roundToBF16(_ values: UnsafeBufferPointer<Float>, into target: UnsafeMutablePointer<UInt16>) {
  for i in values.indices {
    let bits = values[i].bitPattern
    // Just below half of the last kept bit, and that bit itself: a tie carries only into an odd number.
    target[i] = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}

/// The scale of a row with this largest magnitude. 0 where it would lie below the normal numbers and itself be too
/// coarse; such a row becomes a row of zeros.
func int8Scale(largest: Float) -> Float {
  let scale = largest / TableType.int8Largest
  return scale >= Float.leastNormalMagnitude ? scale : 0
}

/// Rounds finite values to multiples of `scale` of at most 127 times the scale.
func quantise(_ values: UnsafeBufferPointer<Float>, scale: Float, into target: UnsafeMutablePointer<Int8>) {
  guard scale > 0 else {
    target.update(repeating: 0, count: values.count)
    return
  }
  // 1.5 x 2^23: adding it rounds to a whole number, ties to even, and leaves that number in the low bits.
  let shifter: Float = 12_582_912
  for i in values.indices {
    target[i] = Int8(truncatingIfNeeded: Int32(bitPattern: (values[i] / scale + shifter).bitPattern))
  }
}

extension LookupFFN {
  /// The change of each column of a token's output by storing the tables as `tableType`: sum over tables of score x
  /// (stored - original). No entry counts for more than rounding can cause, so that an entry that is stored wrongly
  /// is not explained away, and no column is shifted by more than the sum of score x `roundingBound`.
  func roundingShift(codes: ArraySlice<Int32>, scores: [Double]) -> [Double] {
    var shift = [Double](repeating: 0, count: shape.output)
    if tableType == .fp32 { return shift }
    parameters.tables.withUnsafeBufferPointer { original in
      for (table, (code, score)) in zip(codes, scores).enumerated() {
        let row = table * shape.tableRows + Int(code)
        let values = UnsafeBufferPointer(rebasing: original[row * shape.output..<(row + 1) * shape.output])
        let bound = tableType.roundingBound(largest: largestMagnitude(values) ?? 0)
        for column in values.indices {
          let change = tables.value(row: row, column: column) - Double(values[column])
          shift[column] += score * min(max(change, -bound), bound)
        }
      }
    }
    return shift
  }
}
