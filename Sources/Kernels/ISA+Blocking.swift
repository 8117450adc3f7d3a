import CKernels

/// The blocking of an instruction-set path's micro-kernels, from the constants in CKernels.h.
extension ISA {
  private var blocking: lk_blocking {
    switch self {
    case .avx512: return lk_blocking_of(LK_AVX512)
    case .avx2: return lk_blocking_of(LK_AVX2)
    case .neon: return lk_blocking_of(LK_NEON)
    case .scalar: return lk_blocking_of(LK_SCALAR)
    }
  }

  /// Floats in a vector.
  public var vectorLanes: Int { blocking.width }

  /// Outputs of a block product over lane groups that share one load of its input.
  var blockOutputs: Int { blocking.block_outputs }

  /// Lane groups that a block product computes together.
  var blockGroups: Int { blocking.block_groups }

  /// Output columns that the gather holds in registers: half of the vector registers.
  var gatherColumns: Int { blocking.registers / 2 * blocking.width }

  /// Partial sums that the gather keeps in flight.
  static let gatherSums = Int(LK_GATHER_SUMS)

  /// Whether the gather has a loop for slices of exactly `columns` columns.
  func hasOwnGatherLoop(columns: Int) -> Bool { (0...3).contains { gatherColumns >> $0 == columns } }

  /// Tokens of a lane group that the gather computes together in `columns` columns: one where a piece is wide enough.
  func gatheredTogether(columns: Int) -> Int { columns < ISA.gatherSums * vectorLanes ? ISA.gatherSums : 1 }

  /// The pieces in which one call gathers `columns` columns of `tables` tables, and the tokens that each piece takes
  /// at once.
  func gatherPieces(columns: Int, tables: Int) -> [(columns: Range<Int>, tokens: Int)] {
    let width = vectorLanes
    let whole = columns - columns % width
    // A single row is added as a whole (`add_row` in gather.h).
    if tables == 1, whole > 0, !hasOwnGatherLoop(columns: columns) {
      return [(0..<whole, 1)] + (whole < columns ? [(whole..<columns, 1)] : [])
    }
    let most = gatherColumns / width
    var pieces: [(columns: Range<Int>, tokens: Int)] = []
    var column = 0
    for vectors in [most, most / 2, most / 4, most / 8, 1] {
      while column + vectors * width <= columns {
        pieces.append((column..<column + vectors * width, max(1, ISA.gatherSums / vectors)))
        column += vectors * width
      }
    }
    if column < columns { pieces.append((column..<columns, 1)) }
    return pieces
  }
}
