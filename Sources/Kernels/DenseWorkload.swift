import CacheModel

/// A dense feed-forward pass as the cache model sees it.
struct DenseWorkload: Workload {
  let tokens: Int
  let threads: Int
  let phases: [PhaseWork]
  private let shape: DenseFFNShape
  private let tokenTile: Int

  private let input: UInt64
  private let output: UInt64
  private let weight1: UInt64
  private let weight2: UInt64
  private let biases: UInt64
  private let cores: [Core]

  private struct Core {
    var intermediate: UInt64
    var packedA: UInt64
    var packedB: UInt64
  }

  init(shape: DenseFFNShape, tokenTile: Int, tokens: Int, threads: Int) {
    self.shape = shape
    self.tokenTile = tokenTile
    self.tokens = tokens
    self.threads = threads
    let d = shape.hidden
    let ff = shape.intermediate
    let n = Double(tokens)
    let products = Double(d * ff) * n
    phases = [
      PackedProduct.work(name: "first product", multiplyAdds: products),
      // gelu: bias, |x|, the argument, t (a division, worth about 10), 4 multiply-adds, exp (6 and 7), and 5 to combine.
      PhaseWork(
        name: "bias and GELU", multiplyAdds: 11 * Double(ff) * n, otherOperations: 26 * Double(ff) * n,
        loadBytes: 8 * Double(ff) * n, storeBytes: 4 * Double(ff) * n),
      PackedProduct.work(name: "second product", multiplyAdds: products),
    ]

    var map = AddressMap()
    input = map.place(floats: tokens * d)
    output = map.place(floats: tokens * d)
    weight1 = map.place(floats: d * ff)
    weight2 = map.place(floats: d * ff)
    biases = map.place(floats: d + ff)
    let first = PackedProduct.packedFloats(n: ff, k: d)
    let second = PackedProduct.packedFloats(n: d, k: ff)
    cores = (0..<threads).map { _ in
      Core(
        intermediate: map.place(floats: tokenTile * ff), packedA: map.place(floats: max(first.a, second.a)),
        packedB: map.place(floats: max(first.b, second.b)))
    }
  }

  func emit(to stream: AccessStream) {
    let tiles = partition(tokens: tokens, workers: threads).map { $0.pieces(of: tokenTile) }
    for index in 0..<(tiles.map(\.count).max() ?? 0) {
      for phase in phases.indices {
        stream.enter(phase: phase)
        for core in 0..<threads where index < tiles[core].count {
          stream.core = UInt16(core)
          emit(phase: phase, tile: tiles[core][index], core: cores[core], to: stream)
        }
      }
    }
    stream.flush()
  }

  private func emit(phase: Int, tile: Range<Int>, core: Core, to stream: AccessStream) {
    let d = shape.hidden
    let ff = shape.intermediate
    let x = input + UInt64(tile.lowerBound * d * 4)
    let y = output + UInt64(tile.lowerBound * d * 4)
    switch phase {
    case 0:
      PackedProduct(m: tile.count, n: ff, k: d).emit(
        a: x, b: weight1, c: core.intermediate, cStride: ff, packedA: core.packedA, packedB: core.packedB, to: stream)
    case 1:
      for row in 0..<tile.count {
        let address = core.intermediate + UInt64(row * ff * 4)
        stream.read(biases, bytes: ff * 4)
        stream.read(address, bytes: ff * 4)
        stream.write(address, bytes: ff * 4)
      }
    default:
      for row in 0..<tile.count {
        stream.read(biases + UInt64(ff * 4), bytes: d * 4)
        stream.write(y + UInt64(row * d * 4), bytes: d * 4)
      }
      PackedProduct(m: tile.count, n: d, k: ff).emit(
        a: core.intermediate, b: weight2, c: y, cStride: d, packedA: core.packedA, packedB: core.packedB, to: stream)
    }
  }
}

extension DenseFFN {
  public func workload(input: UnsafePointer<Float>, tokens: Int, threads: Int) throws -> any Workload {
    DenseWorkload(shape: shape, tokenTile: tokenTile, tokens: tokens, threads: threads)
  }
}
