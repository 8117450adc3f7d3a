/// Scratch of one worker and where each array starts in it, in floats.
struct LookupScratch {
  let rows: Int
  let lanes: Int
  let ping: Int
  let pong: Int
  let chains: Int
  let sums: Int
  /// bf16 hash: inputs rounded to bf16 (for BH4 those of one block, for a dense hash all rows of the tile), and the
  /// dense product's result, [tokens][projected].
  let rounded: Int
  let product: Int
  let count: Int
  /// Floats of one lane group in each array.
  let laneStride: Int
  /// Floats of a token's row: padded where the hash reads it as features of a block.
  let rowStride: Int
  /// Floats of one lane group's hash scores; 0 where they stay in columns of tokens.
  let chainStride: Int

  /// For a worker that gathers the rows of `tokens` tokens.
  init(_ schedule: LookupSchedule, hash type: HashType, tokens: Int) {
    let shape = schedule.shape
    let tile = schedule.hashTile
    let groups = tile / laneGroup
    let isBH4 = shape.hash == .bh4
    laneStride = isBH4 ? shape.paddedHidden * laneGroup : 0
    rowStride = isBH4 ? shape.paddedHidden : shape.hidden
    let scoresLanes = !isBH4 && type == .bf16
    chainStride = isBH4 ? shape.repeats * laneStride : scoresLanes ? shape.projected * laneGroup : 0

    var next = 0
    func place(_ floats: Int) -> Int {
      defer { next += (floats + 15) / 16 * 16 }  // each array starts on a cache line
      return next
    }
    rows = place((isBH4 ? laneGroup : tile) * rowStride)
    lanes = place(groups * laneStride)
    ping = place(groups * laneStride)
    pong = place(groups * laneStride)
    chains = place(isBH4 ? groups * chainStride : shape.projected * tile)
    let tileTokens = min(schedule.tokenTile, (max(tokens, 1) + laneGroup - 1) / laneGroup * laneGroup)
    sums = place(schedule.sumColumns * tileTokens)
    // The size of rounded inputs, in floats; for BH4 as `lk_block_product_bf16` states it.
    let roundedFloats = isBH4 ? 2 * laneGroup * shape.inputPairs : (tile * shape.hidden + 1) / 2
    rounded = place(type == .bf16 ? roundedFloats : 0)
    product = place(scoresLanes ? tile * shape.projected : 0)
    count = next
  }

  /// The array from which a BH4 factor reads its input in lane groups: lanes -> ping -> pong -> ping -> the chain's
  /// own columns.
  func laneSource(ofFactor factor: Int) -> Int { factor == 0 ? lanes : factor % 2 == 1 ? ping : pong }

  /// The array from which a BH4 factor reads its input in rows: rows -> ping -> pong -> ping -> pong, which is then
  /// transposed into the lanes that the score reads.
  func rowSource(ofFactor factor: Int) -> Int { factor == 0 ? rows : factor % 2 == 1 ? ping : pong }
}

/// Codes and scores of a tile of tokens, each [lane group][table][lane]: of one worker, or of its whole team.
struct LookupCodes {
  /// Entries of one lane group.
  let stride: Int
  /// Where the scores start, in floats; the codes start at 0.
  let scores: Int
  let count: Int

  /// For tiles of a share of `tokens` tokens.
  init(_ schedule: LookupSchedule, tokens: Int) {
    stride = schedule.shape.tables * laneGroup
    let groups = min(schedule.tokenTile, max(tokens, 1) + laneGroup - 1) / laneGroup
    scores = groups * stride
    count = 2 * scores
  }

  /// Where the lane group of the tile's token `slot` starts in both arrays.
  func offset(slot: Int) -> Int { slot / laneGroup * stride }
}
