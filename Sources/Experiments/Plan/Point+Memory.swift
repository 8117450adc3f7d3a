extension Point {
  /// Bytes that the point needs at once: parameters, input and output activations, and scratch. An estimate from the
  /// shapes, for the plan and for refusing points that cannot fit; libraries' own buffers are not in it.
  public var estimatedBytes: Int {
    let element = MemoryLayout<Float>.stride  // of everything but tables and the projection
    let activations = tokens * (hidden + output) * element
    switch kernel {
    case .dense:
      let intermediate = intermediate ?? 0
      let weights = intermediate * (hidden + output) + intermediate + output
      let features = tokens * intermediate
      switch dtype {
      case .fp32: return weights * element + activations + features * element
      case .bf16, .int8:
        // The fp32 weights that the check goes by, the compressed ones as converted and as the library packs them, the
        // products' inputs, and the first one's results: int8's are 32-bit sums.
        let inputs = (tokens * hidden + features) * dtype.bytes
        return weights * (element + 2 * dtype.bytes) + activations + inputs + (dtype == .int8 ? features * element : 0)
      }
    case .lookup:
      let tables = tables ?? 0
      let codeBits = (tableRows ?? 2).trailingZeroBitCount
      // Code and score of each table for each token in the tile, and the hash scores they come from.
      let tile = min(strategy?.tokenTile ?? tokens, tokens)
      let scratch = tile * (tables * codeBits * element + tables * (4 + element))
      // Rows that are drawn in place of codes.
      let drawn = if case .zipf = codes { tokens * tables * 4 } else { 0 }
      // The fp32 tables that the placed ones are made from stay on the heap: the check goes by them.
      let originals = tables * (tableRows ?? 0) * output * element
      // To choose a strategy, tables lie in several orders at once: two at least, or there is nothing to choose.
      let orders = isTuned ? 2 : 1
      return orders * (tableBytes ?? 0) + originals + projectionBytes(codes: tables * codeBits) + activations + scratch
        + drawn
    }
  }

  /// Bytes of the hash projection that makes `codes` scores.
  private func projectionBytes(codes: Int) -> Int {
    let element = (projectionDtype ?? .fp32).element.bytes
    guard projection == .bh4, let blockSize else { return codes * hidden * element }
    let padded = nextPowerOfTwo(hidden)
    let repeats = max(1, (codes + padded - 1) / padded)
    // Four factors per repeat, each of padded / blockSize blocks of blockSize^2 weights.
    return repeats * 4 * padded * blockSize * element
  }
}

/// The smallest power of two that is at least `value`.
func nextPowerOfTwo(_ value: Int) -> Int {
  value <= 1 ? 1 : 1 << (Int.bitWidth - (value - 1).leadingZeroBitCount)
}
