import AccessStreams
import Support

extension LookupNetwork {
  public func memoryNeeded(tokens: Int) -> CheckedSize {
    let element = MemoryLayout<Float>.stride  // of everything but tables and the projection
    let activations = CheckedSize(tokens) * (CheckedSize(hidden) + output) * element
    let tables = CheckedSize(tables)
    let scores = tables * tableRows.trailingZeroBitCount
    // Code and score of each table for each token in the tile, and the hash scores that they come from: for a tile while
    // the point runs, and for somewhat more tokens when its codes are recorded afterwards.
    let tile = strategy.map { min(LookupFFN.recordedTokens(tile: $0.tokenTile), tokens) } ?? tokens
    let scratch = (scores * element + tables * (4 + element)) * tile
    // The rows that all tokens read, which are recorded.
    let codes = CheckedSize(tokens) * tables * 4
    // Rows drawn in place of codes.
    let drawn = if case .zipf = self.codes { codes } else { CheckedSize(0) }
    // The fp32 tables stay on the heap beside the placed ones, because the check uses them.
    let originals = tables * tableRows * output * element
    let placed = tables * tableRows * dtype.rowBytes(columns: output)
    // Choosing a strategy needs tables in at least two orders at once.
    return placed * (isOpen ? 2 : 1) + originals + projectionBytes(scores) + activations + scratch + codes + drawn
  }

  /// Bytes of the hash's weights for `scores` scores.
  private func projectionBytes(_ scores: CheckedSize) -> CheckedSize {
    let element = (projectionDtype ?? .fp32).element.bytes
    guard projection == .bh4, let blockSize else { return scores * hidden * element }
    let padded = shape.paddedHidden
    guard let scores = scores.value else { return .tooLarge }
    let repeats = max(1, (scores - 1) / padded + 1)
    return CheckedSize(repeats) * LookupFFNShape.factors * padded * blockSize * element
  }

  public var accounts: [StageAccount] { shape.accounts(tables: dtype, hash: projectionDtype ?? .fp32) }
  public var parameterCount: Double { Double(tables) * Double(tableRows) * Double(output) }

  public func libraryProducts(tokens: Int) -> LibraryProducts? {
    guard projection == .dense else { return nil }
    let tile = min(tokens, LookupFFN.denseHashTile)
    let name = "hash \(hidden)-\(shape.projected)"
    if let type = projectionDtype {
      return LibraryProducts(name: "\(name) \(type.rawValue)", products: [(tile, shape.hashProduct(type))])
    }
    // The product is transposed: its columns are tokens. It is fp32 for every type of tables.
    return LibraryProducts(
      name: name, products: [(shape.projected, LayerProduct(n: tile, k: hidden, dtype: .fp32, finish: .none))])
  }

  public func kernel(at site: KernelSite) throws -> any Kernel {
    guard let strategy else { throw StrategyNotChosen() }
    // Kernels of this network are all of this type, because the network built `others` itself.
    if let first = site.others.first as? LookupFFN {
      return try LookupFFN(
        first, strategy: strategy, others: site.others.compactMap { $0 as? LookupFFN }, memory: site.memory)
    }
    let parameters = try layerParameters(site)
    let layer = try LookupFFN(
      parameters, tableType: dtype, hashType: projectionDtype ?? .fp32, strategy: strategy,
      team: team(site.pass.threads), isa: site.pass.isa,
      blas: parameters.shape.hash == .dense ? try site.library() : nil, memory: site.memory)
    if let rows = site.rows {
      try layer.override(rows: rows, memory: site.memory)
    } else if case .zipf(let exponent) = codes {
      // An order of rows for each table, the weights of a table, and the drawn rows.
      let (tables, rows) = (layer.shape.tables, layer.shape.tableRows)
      let drawn = (CheckedSize(tables) + 2) * rows + CheckedSize(site.pass.tokens) * tables
      try CheckedSize.bytes(drawn, of: Int32.self).requireAllocatable()
      try layer.override(
        rows: ZipfRows.draw(
          exponent: exponent, tables: tables, tableRows: rows, tokens: site.pass.tokens, seed: site.seed),
        memory: site.memory)
    }
    return layer
  }

  /// The stored layer where the file holds look-up tables, else a random layer of these dimensions.
  private func layerParameters(_ site: KernelSite) throws -> LookupFFNParameters {
    if let file = site.layer, Self.isOwn(file) { return try LookupFFNParameters(file) }
    switch site.parameters {
    case .drawn: return try LookupFFNParameters.random(shape, seed: site.seed)
    case .constant: return try LookupFFNParameters.constant(shape)
    }
  }
}

extension LookupFFN {
  public var hasCodes: Bool { true }

  public func rows(input: UnsafePointer<Float>, tokens: Int) throws -> [Int32]? {
    try gatheredRows(input: input, tokens: tokens)
  }

  public func observations(input: UnsafePointer<Float>, tokens: Int) throws -> KernelObservations {
    KernelObservations(
      codeEntropyBits: codeEntropy(try gatheredRows(input: input, tokens: tokens), tables: shape.tables),
      notes: widensHash
        ? ["the bf16 projection ran widened to fp32: this path has no bf16 multiply-add on this CPU"] : [])
  }
}
