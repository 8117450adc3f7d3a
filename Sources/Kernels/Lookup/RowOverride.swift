/// Rows for a gather to read in place of the hash's codes, so that a pass can have any distribution of codes.
///
/// The hash runs completely and its scores are used; only its codes are overwritten, group by group of tokens, from
/// an array in the codes' layout. That reads and writes 4 bytes per token and table, which is timed and is part of
/// the access stream.
public struct RowOverride {
  let tokens: Int
  private let tables: Int
  /// [lane group][table][lane], as in a worker's codes.
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

  /// The entries of the lane group that starts with `token`.
  func group(at token: Int) -> UnsafePointer<Int32> { UnsafePointer(buffer.integers + token / laneGroup * groupStride) }

  /// The rows of a token, one for each table.
  func rows(of token: Int) -> [Int32] {
    let lane = group(at: token) + token % laneGroup
    return (0..<tables).map { lane[$0 * laneGroup] }
  }
}

extension LookupFFN {
  /// Makes the gather read `rows`, [tokens, tables], instead of the hash's codes. To be called before workers are
  /// made.
  public func override(rows: [Int32], memory: any MemorySource = HeapMemory()) throws {
    rowOverride = try RowOverride(rows, tables: shape.tables, memory: memory)
  }

  /// The rows that the gather reads for the first `tokens` tokens, [tokens, tables]: the drawn rows, or the hash's
  /// codes.
  ///
  /// The hash runs on whole tiles of at least `recordedTokens`, whose scores are then discarded, because the scores
  /// of a large batch would take more memory than the rest of a point.
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

  /// Tokens whose codes are computed at a time: whole tiles, at least 4096 tokens.
  public static func recordedTokens(tile: Int) -> Int { (4095 / tile + 1) * tile }
}
