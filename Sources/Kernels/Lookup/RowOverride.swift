/// Rows for a gather to read in place of those that the hash names, so that a pass can have any distribution of codes.
///
/// The hash does all its work and its scores count; only its codes are overwritten, group of tokens by group of tokens, from an
/// array in the codes' own layout. That costs reading and writing 4 bytes per token and table, which is timed, and is in the
/// access stream.
public struct RowOverride {
  let tokens: Int
  private let tables: Int
  /// [lane group][table][lane], as a worker's codes.
  private let buffer: FloatBuffer

  /// Lays out `rows`, [tokens, tables].
  init(_ rows: [Int32], tables: Int, memory: any MemorySource) throws {
    precondition(rows.count % tables == 0)
    tokens = rows.count / tables
    self.tables = tables
    let groups = (tokens + laneGroup - 1) / laneGroup
    buffer = try memory.floats(groups * tables * laneGroup, for: .input)
    for token in 0..<tokens {
      let lane = buffer.integers + token / laneGroup * groupStride + token % laneGroup
      for table in 0..<tables { lane[table * laneGroup] = rows[token * tables + table] }
    }
  }

  /// Entries of one lane group.
  var groupStride: Int { tables * laneGroup }

  /// Those of the lane group that starts with `token`.
  func group(at token: Int) -> UnsafePointer<Int32> { UnsafePointer(buffer.integers + token / laneGroup * groupStride) }

  /// One for each table.
  func rows(of token: Int) -> [Int32] {
    let lane = group(at: token) + token % laneGroup
    return (0..<tables).map { lane[$0 * laneGroup] }
  }
}

extension LookupFFN {
  /// Makes the gather read `rows`, [tokens, tables], instead of what the hash names. Before workers are made.
  public func override(rows: [Int32], memory: any MemorySource = HeapMemory()) throws {
    rowOverride = try RowOverride(rows, tables: shape.tables, memory: memory)
  }

  /// What the gather reads for the first `tokens` tokens, [tokens, tables]: the rows drawn for it, or the hash's codes.
  ///
  /// The hash runs on whole tiles of `recordedTokens` and more, whose scores are then forgotten: those of a large batch would
  /// take more memory than all else of a point.
  public func gatheredRows(input: UnsafePointer<Float>, tokens: Int) throws -> [Int32] {
    if let rowOverride { return (0..<tokens).flatMap(rowOverride.rows) }
    let piece = LookupFFN.recordedTokens(tile: strategy.tokenTile)
    guard tokens > piece else { return try intermediates(input: input, tokens: Array(0..<tokens)).codes }
    var codes: [Int32] = []
    codes.reserveCapacity(tokens * shape.tables)
    for tokens in (0..<tokens).pieces(of: piece) {
      codes += try intermediates(input: input, tokens: Array(tokens)).codes
    }
    return codes
  }

  /// Tokens whose codes are found at a time: whole tiles, 4096 tokens at least.
  public static func recordedTokens(tile: Int) -> Int { (4095 / tile + 1) * tile }
}
