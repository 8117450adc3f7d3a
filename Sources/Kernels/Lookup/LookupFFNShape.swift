import Support

/// The dimensions of a LookupFFN layer (arXiv 2403.07221, section 3).
public struct LookupFFNShape: Hashable, Codable, Sendable {
  public enum Hash: String, CaseIterable, Codable, Sendable {
    /// Block-diagonal and Walsh-Hadamard factors, four of each per repeat.
    case bh4
    /// One matrix.
    case dense
  }

  /// Stored and cached layers use the key of the published checkpoints.
  enum CodingKeys: String, CodingKey {
    case hidden, output, tables, tableRows, blockSize
    case hash = "projection"
  }

  /// Features of a token (d).
  public var hidden: Int
  /// Features of an output row.
  public var output: Int
  /// Number of tables (T).
  public var tables: Int
  /// Rows in a table, a power of two.
  public var tableRows: Int
  public var hash: Hash
  /// Side of the blocks of the block-diagonal factors, a power of two (BH4 only).
  public var blockSize: Int

  public init(hidden: Int, output: Int, tables: Int, tableRows: Int, hash: Hash, blockSize: Int = 64) {
    self.hidden = hidden
    self.output = output
    self.tables = tables
    self.tableRows = tableRows
    self.hash = hash
    self.blockSize = blockSize
  }

  /// Bits of a code: log2(tableRows) (tau).
  public var codeBits: Int { tableRows.trailingZeroBitCount }
  /// Width of the hash: one score per code bit.
  public var projected: Int { tables * codeBits }
  /// `hidden` rounded up to a power of two, the length of the Walsh-Hadamard transform (D).
  public var paddedHidden: Int { hidden <= 1 ? 1 : 1 << (Int.bitWidth - (hidden - 1).leadingZeroBitCount) }
  /// Independent BH4 chains needed to make `projected` columns (R).
  public var repeats: Int { max(1, (projected + paddedHidden - 1) / paddedHidden) }
  public var blocks: Int { paddedHidden / blockSize }
  /// Factors in a BH4 chain.
  public static let factors = 4

  /// Bytes of all tables together, stored as `type`; nil where they are 2^63 or more.
  public func tableBytes(_ type: TableType) -> Int? {
    (CheckedSize(tables) * tableRows * type.rowBytes(columns: output)).value
  }

  /// The dimensions of `hash.projection.weight`.
  var hashDimensions: [Int] {
    switch hash {
    case .dense: [projected, hidden]
    case .bh4: [repeats, LookupFFNShape.factors, blocks, blockSize, blockSize]
    }
  }

  /// Numbers in all tables together.
  var tableNumbers: CheckedSize { CheckedSize(tables) * tableRows * output }

  /// Numbers in the hash's weights.
  var hashNumbers: CheckedSize {
    switch hash {
    case .dense: CheckedSize(projected) * hidden
    case .bh4: CheckedSize(repeats) * LookupFFNShape.factors * paddedHidden * blockSize
    }
  }

  /// Throws `InputError` where the dimensions are invalid; `file` and a key name the cause.
  public func validate(file: String? = nil) throws {
    func require(_ condition: Bool, _ key: String, _ expected: String) throws {
      if !condition { throw InputError(file: file, key: key, expected) }
    }
    try require(hidden >= 1, "hidden_size", "expected at least 1, found \(hidden)")
    try require(output >= 1, "output_size", "expected at least 1, found \(output)")
    try require(tables >= 1, "num_table", "expected at least 1, found \(tables)")
    try require(
      tableRows >= 2 && tableRows.nonzeroBitCount == 1, "table_size",
      "expected a power of two of at least 2, found \(tableRows)")
    if hash == .bh4 {
      try require(
        blockSize >= 1 && blockSize.nonzeroBitCount == 1 && blockSize <= paddedHidden, "block_size",
        "expected a power of two of at most \(paddedHidden), found \(blockSize)")
    }
  }
}
