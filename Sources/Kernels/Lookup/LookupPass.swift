/// The arrays of a pass of one worker: in memory where the pass runs, in a flat address space where its accesses are
/// stated. Only an interpreter of calls knows which, so no other code reads or writes through these pointers.
struct LookupArrays {
  /// [tokens, hidden] and [tokens, output] of the whole batch.
  var input: UnsafePointer<Float>
  var output: UnsafeMutablePointer<Float>
  /// [hidden] each.
  var normScale: UnsafePointer<Float>
  var normShift: UnsafePointer<Float>
  /// In the hash's type and packed for its kernels.
  var hashWeights: UnsafePointer<Float>
  /// [projected]
  var hashBias: UnsafePointer<Float>
  /// In the order of `PackedTables`; int8 has scales beside them.
  var tables: UnsafeRawPointer
  var scales: UnsafePointer<Float>?
  /// [output]
  var outputBias: UnsafePointer<Float>
  /// Laid out by `LookupScratch`.
  var scratch: UnsafeMutablePointer<Float>
  /// Laid out by `LookupCodes`.
  var codes: UnsafeMutablePointer<Float>
  /// Rows that replace the hash's codes, in the layout of codes over the whole batch; nil where none are replaced.
  var rowOverride: UnsafePointer<Int32>?
  /// Receives the hash scores of a lane group, [projected][lane]; nil where they are not recorded.
  var hashScores: UnsafeMutablePointer<Float>?
}

/// The operands of a worker's steps: the layer's parameters, its arrays and their layout.
struct LookupPass {
  let schedule: LookupSchedule
  let tableType: TableType
  let hashType: HashType
  let normEpsilon: Float
  /// The share of the BH4 chain in the mix with the hash's input.
  let chainShare: Float
  /// Tokens whose rows the worker gathers.
  let gatheredTokens: Int
  let scratch: LookupScratch
  let codeLayout: LookupCodes
  var arrays: LookupArrays

  /// For a worker that gathers the rows of `gatheredTokens` tokens, with `scratch` and `codes` laid out for them.
  init(
    _ kernel: LookupFFN, schedule: LookupSchedule, gatheredTokens: Int, scratch: LookupScratch, codes: LookupCodes,
    arrays: LookupArrays
  ) {
    self.schedule = schedule
    tableType = kernel.tableType
    hashType = kernel.hashType
    normEpsilon = kernel.parameters.normEpsilon
    chainShare = kernel.parameters.chainShare
    self.gatheredTokens = gatheredTokens
    self.scratch = scratch
    codeLayout = codes
    self.arrays = arrays
  }

  var shape: LookupFFNShape { schedule.shape }

  /// Codes and scores of the lane group of the tile's token `slot`.
  func codes(slot: Int) -> UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(arrays.codes + codeLayout.offset(slot: slot)).assumingMemoryBound(to: Int32.self)
  }

  func scores(slot: Int) -> UnsafeMutablePointer<Float> {
    arrays.codes + codeLayout.scores + codeLayout.offset(slot: slot)
  }

  /// The packed weights of a BH4 factor.
  func factorWeights(chain: Int, factor: Int) -> UnsafePointer<Float> {
    arrays.hashWeights + (chain * LookupFFNShape.factors + factor) * shape.paddedHidden * shape.blockSize
  }

  /// The packed weights of a BH4 factor in bf16, in pairs.
  func factorPairs(chain: Int, factor: Int) -> UnsafePointer<UInt16> {
    hashHalves + (chain * LookupFFNShape.factors + factor) * shape.paddedHidden * shape.inputPairs * 2
  }

  /// The weights of a hash in bf16.
  var hashHalves: UnsafePointer<UInt16> {
    UnsafeRawPointer(arrays.hashWeights).assumingMemoryBound(to: UInt16.self)
  }

  /// Scratch for inputs of the hash rounded to bf16.
  var rounded: UnsafeMutablePointer<UInt16> {
    UnsafeMutableRawPointer(arrays.scratch + scratch.rounded).assumingMemoryBound(to: UInt16.self)
  }
}
