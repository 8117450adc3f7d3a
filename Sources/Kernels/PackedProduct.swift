import CacheModel

/// The access stream of a matrix product C[m, n] = A[m, k] B[n, k]^T in a BLAS: packed panels and a register tile, after
/// Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34(3), 2008.
///
/// A library is a black box; this is the scheme that OpenBLAS and BLIS share, with typical AVX-512 block sizes.
struct PackedProduct {
  let m: Int
  let n: Int
  let k: Int

  /// Register tile: 3 vectors of 16 rows by 8 columns, 24 of 32 registers.
  static let tileRows = 48
  static let tileColumns = 8
  /// A block of A (192 x 384 floats, 288 KiB) stays in the second-level cache, a panel of B (8 x 384) in the first.
  static let blockRows = 192
  static let blockDepth = 384

  func emit(
    a: UInt64, b: UInt64, c: UInt64, cStride: Int, packedA: UInt64, packedB: UInt64, to stream: AccessStream
  ) {
    let float = 4
    for depth in (0..<k).pieces(of: PackedProduct.blockDepth) {
      for column in 0..<n {
        stream.read(b + UInt64((column * k + depth.lowerBound) * float), bytes: depth.count * float)
      }
      stream.write(packedB, bytes: n * depth.count * float)
      for rows in (0..<m).pieces(of: PackedProduct.blockRows) {
        for row in rows {
          stream.read(a + UInt64((row * k + depth.lowerBound) * float), bytes: depth.count * float)
        }
        stream.write(packedA, bytes: rows.count * depth.count * float)
        for columns in (0..<n).pieces(of: PackedProduct.tileColumns) {
          for tile in rows.pieces(of: PackedProduct.tileRows) {
            let panel = (tile.lowerBound - rows.lowerBound) * depth.count
            stream.read(packedA + UInt64(panel * float), bytes: tile.count * depth.count * float)
            stream.read(
              packedB + UInt64(columns.lowerBound * depth.count * float), bytes: columns.count * depth.count * float)
            for row in tile {
              let address = c + UInt64((row * cStride + columns.lowerBound) * float)
              if depth.lowerBound > 0 { stream.read(address, bytes: columns.count * float) }
              stream.write(address, bytes: columns.count * float)
            }
          }
        }
      }
    }
  }

  /// Floats that a product of these dimensions packs.
  static func packedFloats(n: Int, k: Int) -> (a: Int, b: Int) {
    (blockRows * min(k, blockDepth), n * min(k, blockDepth))
  }

  /// Core work: the register tile loads 48 + 8 floats per 384 multiply-adds.
  static func work(name: String, multiplyAdds: Double) -> PhaseWork {
    let perTile = Double(tileRows * tileColumns)
    return PhaseWork(
      name: name, multiplyAdds: multiplyAdds, loadBytes: 4 * multiplyAdds * Double(tileRows + tileColumns) / perTile,
      storeBytes: 4 * multiplyAdds / Double(blockDepth))
  }
}
