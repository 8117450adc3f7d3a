import AccessStreams

/// The access stream of a matrix product C[m, n] = A[m, k] B[n, k]^T in a library: packed panels and a register tile, after
/// Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34(3), 2008.
///
/// A library is a black box; this is the scheme that OpenBLAS and BLIS share, with typical AVX-512 block sizes. For
/// bf16 and int8 it follows oneDNN in outline: weights were packed once, when the layer was loaded, and A is read in
/// place.
struct PackedProduct {
  let m: Int
  let n: Int
  let k: Int
  let operands: OperandType
  /// Bytes of an element of C.
  let resultBytes: Int

  init(m: Int, n: Int, k: Int, operands: OperandType = .fp32, resultBytes: Int = 4) {
    self.m = m
    self.n = n
    self.k = k
    self.operands = operands
    self.resultBytes = resultBytes
  }

  /// Register tile: 3 vectors of 16 rows by 8 columns, 24 of 32 registers.
  static let tileRows = 48
  static let tileColumns = 8
  /// A block of A (192 rows of 1,536 bytes, 384 floats: 288 KiB) stays in the second-level cache, a panel of B (8 of 1,536
  /// bytes) in the first.
  static let blockRows = 192
  private static let blockDepthBytes = 1536

  private var packs: Bool { operands == .fp32 }
  private var blockDepth: Int { Self.blockDepth(operands) }

  static func blockDepth(_ operands: OperandType) -> Int { blockDepthBytes / operands.bytes }

  /// The panels into which a library packs the operands of an fp32 product; `bytes` is the size of both together.
  struct Panels {
    var a: UInt64
    var b: UInt64
    var bytes: Int
  }

  /// `packedA` and `packedB` are the panels of an fp32 product. B is row-major for fp32 and already packed otherwise.
  func emit(
    a: UInt64, b: UInt64, c: UInt64, cStride: Int, packedA: UInt64, packedB: UInt64, to stream: AccessStream
  ) {
    let element = operands.bytes
    for depth in (0..<k).pieces(of: blockDepth) {
      if packs {
        for column in 0..<n {
          stream.read(b + UInt64((column * k + depth.lowerBound) * element), bytes: depth.count * element)
        }
        stream.write(packedB, bytes: n * depth.count * element)
      }
      let panelB = packs ? packedB : b + UInt64(n * depth.lowerBound * element)
      for rows in (0..<m).pieces(of: Self.blockRows) {
        if packs {
          for row in rows {
            stream.read(a + UInt64((row * k + depth.lowerBound) * element), bytes: depth.count * element)
          }
          stream.write(packedA, bytes: rows.count * depth.count * element)
        }
        for columns in (0..<n).pieces(of: Self.tileColumns) {
          for tile in rows.pieces(of: Self.tileRows) {
            if packs {
              let panel = (tile.lowerBound - rows.lowerBound) * depth.count
              stream.read(packedA + UInt64(panel * element), bytes: tile.count * depth.count * element)
            } else {
              for row in tile {
                stream.read(a + UInt64((row * k + depth.lowerBound) * element), bytes: depth.count * element)
              }
            }
            stream.read(
              panelB + UInt64(columns.lowerBound * depth.count * element), bytes: columns.count * depth.count * element)
            for row in tile {
              let address = c + UInt64((row * cStride + columns.lowerBound) * resultBytes)
              if depth.lowerBound > 0 { stream.read(address, bytes: columns.count * resultBytes) }
              stream.write(address, bytes: columns.count * resultBytes)
            }
          }
        }
      }
    }
  }

  /// Floats that a product of these dimensions packs, for A and for B.
  static func packedFloats(n: Int, k: Int) -> (a: Int, b: Int) {
    let depth = min(k, blockDepth(.fp32))
    return (blockRows * depth, n * depth)
  }

  /// Work in a core: the register tile loads 48 + 8 elements per 384 multiply-adds.
  static func work(name: String, multiplyAdds: Double, operands: OperandType = .fp32, resultBytes: Int = 4) -> PhaseWork
  {
    let perTile = Double(tileRows * tileColumns)
    var work = PhaseWork(
      name: name, multiplyAdds: multiplyAdds,
      loadBytes: Double(operands.bytes) * multiplyAdds * Double(tileRows + tileColumns) / perTile,
      storeBytes: Double(resultBytes) * multiplyAdds / Double(blockDepth(operands)), operands: operands)
    work.isLibraryProduct = true
    return work
  }
}

extension OperandType {
  init(_ type: TableType) {
    switch type {
    case .fp32: self = .fp32
    case .bf16: self = .bf16
    case .int8: self = .int8
    }
  }

  var bytes: Int {
    switch self {
    case .fp32: return 4
    case .bf16: return 2
    case .int8: return 1
    }
  }
}
