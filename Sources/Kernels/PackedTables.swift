import CKernels
import InputFiles

/// A layer's tables in the type that the gather reads, row after row.
///
/// int8's scales lie in an array of their own, not in front of their rows: a row of 512 columns is then exactly 8 cache
/// lines, aligned, where 4 more bytes would make every row straddle a ninth (or cost a whole line of padding), and a
/// gather of a column slice would fetch the row's first line only for its scale. The scales of a table of 256 rows are
/// 16 lines, so that those of a table group stay in the first-level cache while a tile of tokens passes.
struct PackedTables {
  let type: TableType
  let columns: Int
  private let rows: FloatBuffer
  /// [tables, tableRows]; int8 only.
  private let scales: FloatBuffer?

  /// Converts `values`, [tables, tableRows, output].
  init(_ values: [Float], shape: LookupFFNShape, type: TableType, memory: any MemorySource) throws {
    let rowCount = shape.tables * shape.tableRows
    let columns = shape.output
    self.type = type
    self.columns = columns
    rows = try memory.floats((values.count * type.bytes + 3) / 4, for: .tables)
    scales = type == .int8 ? try memory.floats(rowCount, for: .tables) : nil
    if type == .fp32 {
      rows.copy(from: values)
      return
    }
    let target = UnsafeMutableRawPointer(rows.base)
    let scaleBase = scales?.base
    let wrong = values.withUnsafeBufferPointer { values -> Int? in
      for row in 0..<rowCount {
        let source = UnsafeBufferPointer(rebasing: values[row * columns..<(row + 1) * columns])
        guard let largest = largestMagnitude(source), largest <= type.largestInput else { return row }
        if let scaleBase {
          let target = (target + row * columns).assumingMemoryBound(to: Int8.self)
          scaleBase[row] = quantise(source, largest: largest, into: target)
        } else {
          roundToBF16(source, into: (target + row * columns * 2).assumingMemoryBound(to: UInt16.self))
        }
      }
      return nil
    }
    if let wrong {
      throw InputError(
        key: "tables",
        "expected finite values that \(type.rawValue) can hold, "
          + "found others in row \(wrong % shape.tableRows) of table \(wrong / shape.tableRows)")
    }
  }

  /// The first byte of entry `column` of row `row`, counted over all tables.
  func address(row: Int, column: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(rows.base) + (row * columns + column) * type.bytes
  }

  /// The scales from that of row `row` on; nil for types without.
  func scales(row: Int) -> UnsafeMutablePointer<Float>? {
    scales.map { $0.base + row }
  }

  /// The value that entry `column` of row `row` stands for.
  func value(row: Int, column: Int) -> Double {
    let address = address(row: row, column: column)
    switch type {
    case .fp32: return Double(address.load(as: Float.self))
    case .bf16: return Double(Float(bitPattern: UInt32(address.load(as: UInt16.self)) << 16))
    case .int8: return Double(address.load(as: Int8.self)) * Double(scales?.base[row] ?? 0)
    }
  }
}

/// The largest magnitude, or nil where a value is infinite or no number.
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

/// Rounds finite values of at most `largest` to multiples of the scale that is returned.
func quantise(
  _ values: UnsafeBufferPointer<Float>, largest: Float, into target: UnsafeMutablePointer<Int8>
) -> Float {
  let scale = largest / TableType.int8Largest
  // A scale below the normal numbers is too coarse itself; a row that small is a row of zeros.
  guard scale >= Float.leastNormalMagnitude else {
    target.update(repeating: 0, count: values.count)
    return 0
  }
  // 1.5 x 2^23: adding it rounds to a whole number, ties to even, and leaves that number in the low bits.
  let shifter: Float = 12_582_912
  for i in values.indices {
    target[i] = Int8(truncatingIfNeeded: Int32(bitPattern: (values[i] / scale + shifter).bitPattern))
  }
  return scale
}

extension LookupFFN {
  /// What storing the tables as `tableType` adds to each column of a token's output: sum over tables of score x (stored -
  /// original). It counts no entry for more than rounding can do, so that an entry stored wrongly is not explained away,
  /// and no column is shifted by more than the sum of score x `roundingBound`.
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
