import CacheModel

extension PackedProduct {
  /// The product's reuse in closed form, loop by loop as `emit` walks: for a fully associative LRU cache. Edges that are no
  /// whole block count as their share of one.
  var layerConditions: [LayerCondition] {
    let line = 64.0
    let float = 4.0
    let depth = Double(min(k, PackedProduct.blockDepth(.fp32)))
    let depths = Double(k) / depth
    let blockRows = Double(min(m, PackedProduct.blockRows))
    let blocks = Double(m) / blockRows
    let tileRows = min(blockRows, Double(PackedProduct.tileRows))
    let tiles = blockRows / tileRows
    let tileColumns = Double(min(n, PackedProduct.tileColumns))
    let columns = Double(n) / tileColumns

    // What each loop touches, in bytes.
    let sliver = tileColumns * depth * float  // of packed B
    let tile = tileRows * depth * float  // of packed A
    let packedA = blockRows * depth * float
    let packedB = Double(n) * depth * float
    let columnOfC = blockRows * line  // a column tile is narrower than a line
    let blockOfC = blockRows * Double(n) * float
    let round = packedB + 2 * packedA + blockOfC  // one block of rows: A is read and packed
    let pass = 2 * packedB + packedA + blocks * (packedA + blockOfC)  // one depth: B is read and packed

    let linesOfB = packedB / line
    let linesOfA = packedA / line
    let linesOfC = Double(m) * columns  // touched per depth, one a row and column tile
    let newLinesOfC = Double(m) * Double(n) * float / line
    let sums = depths - 1  // depths that add to C, and so read it first
    return [
      LayerCondition(operand: "B, read to be packed", accesses: depths * linesOfB, reuseBytes: .infinity),
      LayerCondition(operand: "A, read to be packed", accesses: depths * blocks * linesOfA, reuseBytes: .infinity),
      LayerCondition(operand: "packed B, first written", accesses: linesOfB, reuseBytes: .infinity),
      LayerCondition(operand: "packed B, written again", accesses: (depths - 1) * linesOfB, reuseBytes: 2 * packedB),
      LayerCondition(
        operand: "packed B, a sliver's first tile of a block's", accesses: depths * blocks * linesOfB,
        reuseBytes: round),
      LayerCondition(
        operand: "packed B, a sliver's other tiles", accesses: depths * blocks * (tiles - 1) * linesOfB,
        reuseBytes: sliver + tile + tileRows * line),
      LayerCondition(operand: "packed A, first written", accesses: linesOfA, reuseBytes: .infinity),
      LayerCondition(
        operand: "packed A, written again", accesses: (depths * blocks - 1) * linesOfA, reuseBytes: 2 * packedA),
      LayerCondition(
        operand: "packed A, for every sliver", accesses: depths * blocks * columns * linesOfA,
        reuseBytes: packedA + sliver + columnOfC),
      LayerCondition(operand: "C, first", accesses: newLinesOfC, reuseBytes: .infinity),
      LayerCondition(
        operand: "C, a line's other column tiles", accesses: depths * (linesOfC - newLinesOfC),
        reuseBytes: packedA + sliver + columnOfC),
      LayerCondition(operand: "C, added to", accesses: sums * newLinesOfC, reuseBytes: pass),
      LayerCondition(operand: "C, written after it was read", accesses: sums * linesOfC, reuseBytes: tileRows * line),
    ]
  }
}
