import AccessStreams
import CKernels

/// The order in which a micro-kernel goes through its operands, cache line by cache line: what a step's own description
/// leaves open, and what decides which lines a cache keeps that holds the step only in part.
///
/// Each function stands for the file of that name in Sources/CKernels, for the vectors of `isa`. A line that is read or
/// written again while no line has come between that could displace it is stated once. `make test-streams` holds all of
/// them against the code that runs.
struct MicroKernelStream {
  let isa: ISA
  let stream: AccessStream

  /// A lane group's feature is one line, and so are 16 floats of a row.
  private static let line = 64
  private static let lineFloats = 16

  // MARK: - to_lanes.h

  /// `rows` rows of `columns` floats, `rowStride` bytes apart, into a lane group of `paddedColumns` features.
  func toLanes(rows: Int, columns: Int, paddedColumns: Int, from x: UInt64, rowStride: Int, to lanes: UInt64) {
    let width = isa.vectorLanes
    func writeLanes(_ columns: Range<Int>) {
      stream.write(lanes + UInt64(columns.lowerBound * Self.line), bytes: columns.count * Self.line)
    }
    // Tiles of a vector's rows, some columns of all rows at a time; then what rows are left, one by one; then zeros for those
    // that are not there.
    let whole = rows - rows % width
    if whole > 0 {
      for piece in (0..<columns).pieces(of: Self.lineFloats) {
        for row in 0..<whole {
          stream.read(x + UInt64(row * rowStride + piece.lowerBound * 4), bytes: piece.count * 4)
        }
        writeLanes(piece)
      }
    }
    for row in whole..<rows {
      for piece in (0..<columns).pieces(of: Self.lineFloats) {
        stream.read(x + UInt64(row * rowStride + piece.lowerBound * 4), bytes: piece.count * 4)
        writeLanes(piece)
      }
    }
    if rows < laneGroup { writeLanes(0..<columns) }
    if columns < paddedColumns { writeLanes(columns..<paddedColumns) }
  }

  // MARK: - block_product.h

  /// `groups` lane groups, `xStride` and `yStride` bytes apart.
  func blockProduct(
    weights: UInt64, x: UInt64, xStride: Int, y: UInt64, yStride: Int, blocks: Int, size: Int, groups: Int
  ) {
    let pack = min(size, Int(LK_OUTPUT_PACK))
    let packs = size / pack
    let blockLanes = size * Self.line
    for block in 0..<blocks {
      for together in (0..<groups).pieces(of: isa.blockGroups) {
        func readInput() {
          for group in together { stream.read(x + UInt64(group * xStride + block * blockLanes), bytes: blockLanes) }
        }
        for index in 0..<packs {
          // Every pack of outputs reads the whole input; the first time and the last, in between it stays near.
          if index == 0 || index == packs - 1 { readInput() }
          stream.read(weights + UInt64((block * size + index * pack) * size * 4), bytes: pack * size * 4)
          for group in together {
            stream.write(
              y + UInt64(group * yStride + block * blockLanes + index * pack * Self.line), bytes: pack * Self.line)
          }
        }
      }
    }
  }

  // MARK: - block_product_rows.h

  /// Tokens that share the load of a weight.
  private static let rowTokens = 4

  /// `tokens` rows, `stride` bytes apart in `x` and in `y`.
  func blockProductRows(
    weights: UInt64, x: UInt64, y: UInt64, stride: Int, blocks: Int, size: Int, tokens: Int
  ) {
    for block in 0..<blocks {
      let whole = tokens - tokens % Self.rowTokens
      let shares = (0..<whole).pieces(of: Self.rowTokens) + (whole..<tokens).pieces(of: 1)
      for share in shares {
        for token in share { stream.read(x + UInt64(token * stride + block * size * 4), bytes: size * 4) }
        stream.read(weights + UInt64(block * size * size * 4), bytes: size * size * 4)
        for token in share {
          stream.read(x + UInt64(token * stride + block * size * 4), bytes: size * 4)
          stream.write(y + UInt64(token * stride + block * size * 4), bytes: size * 4)
        }
      }
    }
  }

  // MARK: - hadamard.h

  /// The stages of a transform of `length` features from `firstStride` on, over `groups` lane groups `groupStride` bytes apart.
  func transform(_ lanes: UInt64, length: Int, firstStride: Int, groups: Int, groupStride: Int) {
    for group in 0..<groups {
      let start = lanes + UInt64(group * groupStride)
      var distance = firstStride
      while distance < length {
        let stages = (length / distance).trailingZeroBitCount
        let radix = stages >= 3 && stages != 4 ? 8 : stages >= 2 ? 4 : 2
        for base in stride(from: 0, to: length, by: radix * distance) {
          for feature in base..<base + distance {
            for leg in 0..<radix {
              stream.read(start + UInt64((feature + leg * distance) * Self.line), bytes: Self.line)
            }
            for leg in 0..<radix {
              stream.write(start + UInt64((feature + leg * distance) * Self.line), bytes: Self.line)
            }
          }
        }
        distance *= radix
      }
    }
  }

  // MARK: - score.h

  /// Codes and scores of one lane group. `projected` and `columnStride` (bytes) say where its scores lie, `input` the lanes
  /// of its `inputFeatures`, which BH4 adds; `bias` is one float a score.
  func score(
    tables: Int, bits: Int, projected: UInt64, columnStride: Int, input: UInt64?, inputFeatures: Int, bias: UInt64,
    codes: UInt64, scores: UInt64
  ) {
    // All tables for one vector of tokens, then for the next.
    for _ in 0..<(laneGroup / isa.vectorLanes) {
      for table in 0..<tables {
        for column in table * bits..<(table + 1) * bits {
          stream.read(projected + UInt64(column * columnStride), bytes: Self.line)
          if let input { stream.read(input + UInt64(column % inputFeatures * Self.line), bytes: Self.line) }
        }
        stream.read(bias + UInt64(table * bits * 4), bytes: bits * 4)
        stream.write(codes + UInt64(table * Self.line), bytes: Self.line)
        stream.write(scores + UInt64(table * Self.line), bytes: Self.line)
      }
    }
  }

  // MARK: - gather.h

  /// Tokens of a lane group that the gather takes before the next, `columns` wide: one where a piece is wide enough.
  func tokensTogether(columns: Int) -> Int { columns < ISA.gatherSums * isa.vectorLanes ? ISA.gatherSums : 1 }
}

extension ISA {
  /// Lane groups that a block product takes together (`block_product.h`).
  fileprivate var blockGroups: Int { self == .avx512 ? 2 : 1 }

  /// Sums that the gather keeps busy at a time (`CHAINS` in gather.h).
  static let gatherSums = 8

  /// Whether the gather has a loop for slices of exactly so many columns.
  func hasOwnGatherLoop(columns: Int) -> Bool { (0...3).contains { gatherColumns >> $0 == columns } }

  /// The pieces in which `columns` columns of `tables` tables are gathered in one call, and the tokens that each takes at once.
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

  /// Output columns that the gather holds in registers: half of the vector registers (`gather.h`).
  var gatherColumns: Int {
    switch self {
    case .avx512: return 16 * 16
    case .avx2: return 8 * 8
    case .neon: return 16 * 4
    case .scalar: return 8 * 4
    }
  }
}
