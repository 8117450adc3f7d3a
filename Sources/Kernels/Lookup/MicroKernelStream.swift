import AccessStreams
import CKernels

/// The interpreter that states the accesses of a step list: the order in which each micro-kernel accesses the
/// operands of its call, cache line by cache line. The order decides which lines stay in a cache that holds a step
/// only partly.
///
/// Each function describes the file of that name in Sources/CKernels, for the vectors of `isa`. A line that is
/// accessed again before another line could displace it is stated once. `make test-streams` compares all of them with
/// the code that runs.
struct MicroKernelStream: MicroKernels {
  let isa: ISA
  let stream: AccessStream
  let codes: GatheredCodes
  /// The panels into which the core's library packs the operands of a dense fp32 hash.
  let panels: PackedProduct.Panels

  /// A feature of a lane group is one line, as are 16 floats of a row.
  private static let line = 64
  private static let lineFloats = 16

  // The workload implements the barrier, because it takes the cores' steps in turn.
  func barrier() {}

  // MARK: - layer_norm.h

  func layerNorm(_ call: lk_layer_norm) {
    let (x, y, scale) = (address(call.x), address(call.y), address(call.scale))
    for row in 0..<call.rows {
      stream.read(x + UInt64(row * call.x_stride * 4), bytes: call.columns * 4)
      // The shift lies behind the scale.
      stream.read(scale, bytes: 2 * call.columns * 4)
      stream.write(y + UInt64(row * call.y_stride * 4), bytes: call.columns * 4)
    }
  }

  // MARK: - to_lanes.h

  func toLanes(_ call: lk_to_lanes) {
    let (x, lanes) = (address(call.x), address(call.lanes))
    let (rows, columns, rowStride) = (call.rows, call.columns, call.x_stride * 4)
    let width = isa.vectorLanes
    func writeLanes(_ columns: Range<Int>) {
      stream.write(lanes + UInt64(columns.lowerBound * Self.line), bytes: columns.count * Self.line)
    }
    // Square tiles of a vector's width, some columns of all rows at a time; then the remaining rows one by one; then
    // zeros for missing rows.
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
    if columns < call.padded_columns { writeLanes(columns..<call.padded_columns) }
  }

  // MARK: - block_product.h

  func blockProduct(_ call: lk_block_product) {
    let (weights, x, y) = (address(call.weights), address(call.x), address(call.y))
    let size = call.block_size
    let pack = min(size, Int(LK_OUTPUT_PACK))
    let packs = size / pack
    let blockLanes = size * Self.line
    for block in 0..<call.blocks {
      for together in (0..<call.groups).pieces(of: isa.blockGroups) {
        func readInput() {
          for group in together {
            stream.read(x + UInt64(group * call.x_group_stride * 4 + block * blockLanes), bytes: blockLanes)
          }
        }
        for index in 0..<packs {
          // Every pack of outputs reads the whole input. It is stated the first and the last time; in between it
          // stays in the first-level cache.
          if index == 0 || index == packs - 1 { readInput() }
          stream.read(weights + UInt64((block * size + index * pack) * size * 4), bytes: pack * size * 4)
          for group in together {
            let output = group * call.y_group_stride * 4 + block * blockLanes + index * pack * Self.line
            stream.write(y + UInt64(output), bytes: pack * Self.line)
          }
        }
      }
    }
  }

  // MARK: - block_product_rows.h

  func blockProduct(_ call: lk_block_product_rows) {
    let (weights, x, y) = (address(call.weights), address(call.x), address(call.y))
    let (size, tokens) = (call.block_size, call.tokens)
    for block in 0..<call.blocks {
      let whole = tokens - tokens % Int(LK_ROW_TOKENS)
      let shares = (0..<whole).pieces(of: Int(LK_ROW_TOKENS)) + (whole..<tokens).pieces(of: 1)
      func readInput(_ token: Int) {
        stream.read(x + UInt64((token * call.x_stride + block * size) * 4), bytes: size * 4)
      }
      for share in shares {
        for token in share { readInput(token) }
        stream.read(weights + UInt64(block * size * size * 4), bytes: size * size * 4)
        for token in share {
          readInput(token)
          stream.write(y + UInt64((token * call.y_stride + block * size) * 4), bytes: size * 4)
        }
      }
    }
  }

  // MARK: - block_product_bf16.h

  func blockProduct(_ call: lk_block_product_bf16) {
    let (weights, x, y) = (address(call.weights), address(call.x), address(call.y))
    let size = call.block_size
    let inputPairs = (size + 1) / 2
    let blockBytes = size * inputPairs * 4
    let blockLanes = size * Self.line
    for block in 0..<call.blocks {
      stream.read(weights + UInt64(block * blockBytes), bytes: blockBytes)
      for group in 0..<call.groups {
        stream.read(x + UInt64(group * call.x_group_stride * 4 + block * blockLanes), bytes: blockLanes)
        // The rounded pairs, in the same few lines for every block.
        stream.write(address(call.pairs), bytes: inputPairs * Self.line)
        stream.write(y + UInt64(group * call.y_group_stride * 4 + block * blockLanes), bytes: blockLanes)
      }
    }
  }

  // MARK: - block_product_bf16_rows.h

  func blockProduct(_ call: lk_block_product_bf16_rows) {
    let (weights, x, y) = (address(call.weights), address(call.x), address(call.y))
    let size = call.block_size
    let blockBytes = size * ((size + 1) / 2) * 4
    for block in 0..<call.blocks {
      stream.read(weights + UInt64(block * blockBytes), bytes: blockBytes)
      for token in 0..<call.tokens {
        stream.read(x + UInt64((token * call.x_stride + block * size) * 4), bytes: size * 4)
        stream.write(address(call.pairs), bytes: size * 2)
        stream.write(y + UInt64((token * call.y_stride + block * size) * 4), bytes: size * 4)
      }
    }
  }

  // MARK: - hadamard.h

  func transform(_ call: lk_hadamard) {
    let length = call.length
    for group in 0..<call.groups {
      let start = address(call.lanes) + UInt64(group * call.group_stride * 4)
      var distance = call.first_stride
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

  // MARK: - Products of a library

  func multiply(_ product: DenseHashProduct) {
    PackedProduct(m: product.projected, n: product.tokens, k: product.hidden).emit(
      a: address(product.weights), b: address(product.rows), c: address(product.c), cStride: product.cStride,
      packedA: panels.a, packedB: panels.b, to: stream)
  }

  func roundToBF16(_ call: lk_to_bf16) {
    stream.read(address(call.x), bytes: call.count * 4)
    stream.write(address(call.y), bytes: call.count * 2)
  }

  func multiply(_ product: RoundedHashProduct) {
    PackedProduct(m: product.tokens, n: product.projected, k: product.hidden, operands: .bf16).emit(
      a: address(product.rows), b: address(product.weights), c: address(product.result), cStride: product.projected,
      packedA: 0, packedB: 0, to: stream)
  }

  func toLanes(_ product: RoundedHashProduct) {
    let groups = (product.tokens + laneGroup - 1) / laneGroup
    stream.read(address(product.result), bytes: product.tokens * product.projected * 4)
    stream.write(address(product.lanes), bytes: groups * product.laneStride * 4)
  }

  // MARK: - score.h

  func score(_ call: lk_score) {
    let (y, bias) = (address(call.y), address(call.bias))
    let (codes, scores) = (address(call.codes), address(call.scores))
    // All tables for one vector of tokens, then for the next vector.
    for _ in 0..<(laneGroup / isa.vectorLanes) {
      for table in 0..<call.tables {
        for column in table * call.bits..<(table + 1) * call.bits {
          stream.read(y + UInt64(column * call.y_stride * 4), bytes: Self.line)
          if let h = call.h { stream.read(address(h) + UInt64(column % call.h_columns * Self.line), bytes: Self.line) }
        }
        stream.read(bias + UInt64(table * call.bits * 4), bytes: call.bits * 4)
        stream.write(codes + UInt64(table * Self.line), bytes: Self.line)
        stream.write(scores + UInt64(table * Self.line), bytes: Self.line)
      }
    }
  }

  func override(codes: UnsafeMutablePointer<Int32>, by rows: UnsafePointer<Int32>, count: Int) {
    stream.read(address(rows), bytes: count * 4)
    stream.write(address(codes), bytes: count * 4)
  }

  // MARK: - gather.h

  func gather(_ call: lk_gather, _ step: GatherStage.Step, type: TableType) {
    let pieces = isa.gatherPieces(columns: call.columns, tables: call.table_count)
    let together = isa.gatheredTogether(columns: call.columns)
    var index = 0
    while index < call.tokens {
      // Within a lane group and the step.
      let count = min(together, laneGroup - (call.first_token + index) % laneGroup, call.tokens - index)
      if let next = call.next {
        // Whole lines, in equal parts with every token.
        let lines = call.next_bytes / Self.line
        let part = (lines * index / call.tokens)..<(lines * (index + count) / call.tokens)
        stream.read(address(next) + UInt64(part.lowerBound * Self.line), bytes: part.count * Self.line)
      }
      for piece in pieces {
        // As many tokens at a time as the piece allows, then the rest one by one.
        let whole = index + count - count % piece.tokens
        for first in stride(from: index, to: whole, by: piece.tokens) {
          gather(piece.columns, of: first..<first + piece.tokens, call, step, type)
        }
        for single in whole..<index + count { gather(piece.columns, of: single..<single + 1, call, step, type) }
      }
      index += count
    }
  }

  /// A piece of the columns for tokens that are gathered together, counted from the call's first token.
  private func gather(
    _ piece: Range<Int>, of tokens: Range<Int>, _ call: lk_gather, _ step: GatherStage.Step, _ type: TableType
  ) {
    func sums(_ base: UInt64, _ stride: Int, _ token: Int) -> UInt64 {
      base + UInt64((token * stride + piece.lowerBound) * 4)
    }
    // The bias, from which the first tables start, stays in the first-level cache.
    if step.tables.lowerBound > 0 {
      for token in tokens { stream.read(sums(address(call.start), call.start_stride, token), bytes: piece.count * 4) }
    }
    // Tokens that are gathered together belong to one lane group, so their codes share a line, and so do their
    // scores.
    let slot = call.first_token + tokens.lowerBound
    let place = slot / laneGroup * call.group_stride + slot % laneGroup
    for table in 0..<call.table_count {
      let entry = UInt64((place + table * laneGroup) * 4)
      stream.read(address(call.codes) + entry, bytes: 4 * tokens.count)
      stream.read(address(call.scores) + entry, bytes: 4 * tokens.count)
      for token in tokens {
        let code = codes.row(token: step.tokens.lowerBound + token, table: step.tables.lowerBound + table)
        // A plain read, although its address depends on data: its latency overlaps that of the row, which is waited
        // for anyway.
        if let scales = call.scales {
          stream.read(address(scales) + UInt64((table * call.scale_stride + code) * 4), bytes: 4)
        }
        let row = table * call.table_stride + code * call.row_stride
        stream.gather(
          address(call.tables) + UInt64((row + piece.lowerBound) * type.bytes), bytes: piece.count * type.bytes)
      }
    }
    for token in tokens {
      let target = sums(address(call.out), call.out_stride, token)
      if call.streaming {
        stream.writeNontemporal(target, bytes: piece.count * 4)
      } else {
        stream.write(target, bytes: piece.count * 4)
      }
    }
  }
}

/// The rows that a gather reads, which only a run determines.
struct GatheredCodes {
  /// [tokens, tables]
  let rows: [Int32]
  let tables: Int

  func row(token: Int, table: Int) -> Int { Int(rows[token * tables + table]) }
}
