import Kernels
import Support

extension Point {
  /// Bytes that the point needs at once: parameters, input and output activations, and scratch. An estimate from the
  /// shapes, for the plan and for refusing points that cannot fit; libraries' own buffers are not in it.
  public var memoryNeeded: CheckedSize {
    let element = MemoryLayout<Float>.stride  // of everything but tables and the projection
    let tokens = CheckedSize(tokens)
    let activations = tokens * (CheckedSize(hidden) + output) * element
    switch kernel {
    case .dense:
      let intermediate = CheckedSize(intermediate ?? 0)
      let weights = intermediate * (CheckedSize(hidden) + output) + intermediate + output
      let features = tokens * intermediate
      switch dtype {
      case .fp32: return weights * element + activations + features * element
      case .bf16, .int8:
        // The fp32 weights that the check goes by, the compressed ones as converted and as the library packs them, the
        // products' inputs, and the first one's results: int8's are 32-bit sums.
        let inputs = (tokens * hidden + features) * dtype.bytes
        let sums = dtype == .int8 ? features * element : CheckedSize(0)
        return weights * (element + 2 * dtype.bytes) + activations + inputs + sums
      }
    case .lookup:
      let tables = CheckedSize(tables ?? 0)
      let scores = tables * (tableRows ?? 2).trailingZeroBitCount
      // Code and score of each table for each token in the tile, and the hash scores they come from: of a tile while the
      // point runs, and of some more tokens when its codes are looked at afterwards.
      let tile = strategy.map { min(LookupFFN.recordedTokens(tile: $0.tokenTile), self.tokens) } ?? self.tokens
      let scratch = (scores * element + tables * (4 + element)) * tile
      // The rows that all tokens read.
      let codes = tokens * tables * 4
      // Rows that are drawn in place of codes.
      let drawn = if case .zipf = self.codes { codes } else { CheckedSize(0) }
      // The fp32 tables that the placed ones are made from stay on the heap: the check goes by them.
      let originals = tables * (tableRows ?? 0) * output * element
      let placed = tables * (tableRows ?? 0) * dtype.rowBytes(columns: output)
      // To choose a strategy, tables lie in several orders at once: two at least, or there is nothing to choose.
      return placed * (isTuned ? 2 : 1) + originals + projectionBytes(scores) + activations + scratch + codes + drawn
    }
  }

  /// `memoryNeeded` where a number is wanted: the largest one where it is 2^63 or more.
  public var estimatedBytes: Int { memoryNeeded.clamped }

  /// Bytes of the hash projection that makes so many scores.
  private func projectionBytes(_ scores: CheckedSize) -> CheckedSize {
    let element = (projectionDtype ?? .fp32).element.bytes
    guard projection == .bh4, let blockSize else { return scores * hidden * element }
    let padded = nextPowerOfTwo(hidden)
    guard let scores = scores.value else { return .tooLarge }
    let repeats = max(1, (scores - 1) / padded + 1)
    // Four factors per repeat, each of padded / blockSize blocks of blockSize^2 weights.
    return CheckedSize(repeats) * 4 * padded * blockSize * element
  }
}

/// The smallest power of two that is at least `value`.
func nextPowerOfTwo(_ value: Int) -> Int {
  value <= 1 ? 1 : 1 << (Int.bitWidth - (value - 1).leadingZeroBitCount)
}
