/// The LookupFFN (arXiv 2403.07221) of a point: a hash of the token chooses one row of each table.
///
/// Parameters at their default are nil, so that points of earlier versions keep their ids.
public struct LookupNetwork: Codable, Hashable, Sendable {
  public var hidden: Int
  /// Features of an output row.
  public var output: Int
  /// Number of tables (T).
  public var tables: Int
  /// Rows of a table, a power of two of at least 2.
  public var tableRows: Int
  public var projection: LookupFFNShape.Hash
  /// Side of a block of the block-diagonal factors; BH4 only.
  public var blockSize: Int?
  /// The element type of the tables.
  public var dtype: TableType
  /// Nil for fp32.
  public var projectionDtype: HashType?
  public var codes: CodeSource
  /// Nil where measuring chooses it (`order: auto`).
  public var strategy: LookupStrategy?
  /// Nil where each thread takes a share of the tokens.
  public var partition: WorkPartition.Axis?

  public init(
    hidden: Int, output: Int, tables: Int, tableRows: Int, projection: LookupFFNShape.Hash = .bh4,
    blockSize: Int? = nil, dtype: TableType = .fp32, projectionDtype: HashType? = nil,
    codes: CodeSource = .uniform, strategy: LookupStrategy? = nil, partition: WorkPartition.Axis? = nil
  ) {
    self.hidden = hidden
    self.output = output
    self.tables = tables
    self.tableRows = tableRows
    self.projection = projection
    self.blockSize = blockSize
    self.dtype = dtype
    self.projectionDtype = projectionDtype
    self.codes = codes
    self.strategy = strategy
    self.partition = partition
  }

  public var shape: LookupFFNShape {
    LookupFFNShape(
      hidden: hidden, output: output, tables: tables, tableRows: tableRows, hash: projection,
      blockSize: blockSize ?? 1)
  }

  func team(_ threads: Int) -> WorkPartition { WorkPartition(workers: threads, along: partition ?? .tokens) }
}

// MARK: - Parameters

extension Parameter {
  public static let output = Parameter(
    "output", .anyCount, default: .follows("`hidden`"), "Features of an output row; lookup only.")
  public static let tables = Parameter(
    "tables", .anyCount, default: .value(.int(128)), "Number of tables (T); lookup only.")
  public static let tableRows = Parameter(
    "table_rows", .powerOfTwo(from: 2), default: .value(.int(256)), "Rows of a table, a power of two; lookup only.")
  public static let projection = Parameter(
    "projection", .names(of: LookupFFNShape.Hash.self), default: .value(.name(LookupFFNShape.Hash.bh4)),
    "How a token becomes hash scores; lookup only.")
  public static let blockSize = Parameter(
    "block_size", .powerOfTwo(from: 1), default: .value(.int(64)),
    "Side of a block of the BH4 projection, a power of two.")
  public static let projectionDtype = Parameter(
    "projection_dtype", .names(of: HashType.self), default: .value(.name(HashType.fp32)),
    "Type of what the hash projection's products multiply; lookup only.")
  public static let partition = Parameter(
    "partition", .names(of: WorkPartition.Axis.self), default: .value(.name(WorkPartition.Axis.tokens)),
    "What the threads of a look-up divide.")
  public static let codes = Parameter(
    "codes", .form(CodeSource.form), default: .value(.name(CodeSource.uniform)),
    "Where codes come from: uniform, recorded or zipf(s); lookup only.")
  public static let order = Parameter(
    "order", .names(of: LookupStrategy.Order.self, behind: [automatic]),
    default: .follows("`sliced`; `token` where a worker has fewer tokens than a table rows"),
    "How the gather walks through tokens and tables; lookup only.")
  public static let tokenTile = Parameter(
    "token_tile", .anyCount, default: .follows("8192"), "Tokens that pass through all stages together; lookup only.")
  public static let columnSlice = Parameter(
    "column_slice", .anyCount, default: .follows("128 bytes of columns"),
    "Output columns of a slice; order sliced only.")
  public static let tableGroup = Parameter(
    "table_group", .anyCount,
    default: .follows("as many, but at least 4, as fill half of this machine's second-level cache"),
    "Tables of a group; order sliced only.")
  public static let prefetchRows = Parameter(
    "prefetch_rows", .number(0...ParameterDomain.largest), default: .follows("0; 8 where the order follows as `token`"),
    "Rows ahead of the current one that are prefetched; lookup only.")
  public static let groupPrefetch = Parameter(
    "group_prefetch", .names(of: LookupStrategy.GroupPrefetch.self, behind: [automatic]),
    default: .follows("`auto`: where enough tokens follow to use it"),
    "Whether the next block of rows is prefetched; lookup only.")

  /// `order: auto` chooses the strategy by measuring; `group_prefetch: auto` by the number of tokens that follow.
  static let automatic = "auto"
}

extension LookupNetwork: Network {
  public static let name = "lookup"
  public static let meaning = "table look-ups"
  public static let isBaseline = false
  public static let layerMark: LayerMark? = LayerMark(
    key: "num_table", tensor: "tables", title: "LookupFFN", phrase: "a LookupFFN layer")
  /// With a layer of another network, the hash and the tables are random.
  public static let takesForeignActivations = true
  public static let widensMissingTypes = true

  public static let settings: [NetworkSetting<LookupNetwork>] = [
    .withoutColumn(.hidden) { .int($0.hidden) },
    .withoutColumn(.output) { .int($0.output) },
    NetworkSetting(.tables, legend: { "T=\($0)" }) { .int($0.tables) },
    NetworkSetting(.tableRows) { .int($0.tableRows) },
    .figure("table_bytes", .bytes) { $0.tableBytes.map { .int($0) } },
    NetworkSetting(.projection, legend: { "\($0) hash" }) { .name($0.projection) },
    .withoutColumn(.blockSize) { $0.blockSize.map { .int($0) } },
    .withoutColumn(.dtype) { .name($0.dtype) },
    NetworkSetting(.projectionDtype, legend: { "\($0) projection" }) { .name($0.projectionDtype ?? .fp32) },
    NetworkSetting(.partition, legend: { "by \($0)" }) { .name($0.partition ?? .tokens) },
    NetworkSetting(.codes, legend: { $0 }) { .name($0.codes) },
    NetworkSetting(.order, isStrategy: true, result: { $0.strategy.map { .name($0.order) } }) {
      $0.strategy.map { .name($0.order) } ?? .text(Parameter.automatic)
    },
    NetworkSetting(.tokenTile, isStrategy: true) { $0.strategy.map { .int($0.tokenTile) } },
    // Results leave out parameters that the order ignores.
    NetworkSetting(
      .columnSlice, column: "column_slice_columns", isStrategy: true,
      result: { $0.slicing.map { .int($0.columnSlice) } }
    ) { $0.strategy.map { .int($0.columnSlice) } },
    NetworkSetting(.tableGroup, isStrategy: true, result: { $0.slicing.map { .int($0.tableGroup) } }) {
      $0.strategy.map { .int($0.tableGroup) }
    },
    NetworkSetting(.prefetchRows, isStrategy: true) { $0.strategy.map { .int($0.prefetchRows) } },
    NetworkSetting(
      .groupPrefetch, isStrategy: true, result: { $0.strategy?.groupPrefetch.map { .name($0) } }
    ) { $0.strategy.map { .text($0.groupPrefetch?.rawValue ?? Parameter.automatic) } },
    .figure("tuned", .flag) { .int($0.isOpen ? 1 : 0) },
  ]

  /// The strategy if its order is sliced.
  private var slicing: LookupStrategy? { strategy.flatMap { $0.order == .sliced ? $0 : nil } }

  // MARK: Layers

  public static func dimensions(of metadata: LayerMetadata) throws -> [Parameter: ParameterValue] {
    var dimensions: [Parameter: ParameterValue] = [:]
    dimensions[.hidden] = try metadata.number("hidden_size", .hidden)
    dimensions[.output] = try metadata.number("output_size", .output)
    dimensions[.tables] = try metadata.number("num_table", .tables)
    dimensions[.tableRows] = try metadata.number("table_size", .tableRows)
    // A layer with a dense hash has no blocks and states block_size 0.
    dimensions[.blockSize] = try metadata.number("block_size", .blockSize, allowsNone: true)
    guard let projection = metadata["projection"].flatMap(LookupFFNShape.Hash.init) else {
      throw metadata.error("projection", "expected bh4 or dense")
    }
    dimensions[.projection] = .name(projection)
    return dimensions
  }

  /// A look-up may use only the activations of another network's layer.
  public static func checkLayer(_ file: SafeTensors) throws {
    if isOwn(file) { _ = try LookupFFNParameters.shape(of: file) }
  }

  /// Whether a layer file holds tables.
  static func isOwn(_ file: SafeTensors) -> Bool { file.tensors["tables"] != nil }

  // MARK: Made from parameters

  public init(_ values: [Parameter: ParameterValue], _ site: ResolvingSite) throws {
    let hidden = try values.number(.hidden)
    let projectionDtype: HashType = try values.choice(.projectionDtype)
    self.init(
      hidden: hidden, output: values.int(.output) ?? hidden, tables: try values.number(.tables),
      tableRows: try values.number(.tableRows), projection: try values.choice(.projection),
      dtype: try values.choice(.dtype), projectionDtype: projectionDtype == .fp32 ? nil : projectionDtype,
      codes: try values.choice(.codes))
    if projection == .bh4 {
      let size = try values.number(.blockSize)
      let most = shape.paddedHidden
      guard size <= most else {
        throw ParameterError(
          .blockSize, "expected at most \(most), hidden padded to a power of two, found \(size)")
      }
      blockSize = size
    }
    if codes == .recorded && !site.hasLayer {
      throw ParameterError(
        .codes, "expected uniform, or a layer whose activations were recorded; found recorded without a layer")
    }
    let partition: WorkPartition.Axis = try values.choice(.partition)
    if partition == .tables, site.threads > 1 { self.partition = .tables }
    if values.text(.order) != Parameter.automatic {
      strategy = try strategy(values, site).fitted(tokens: site.tokens, tables: tables, output: output)
    }
  }

  private func strategy(_ values: [Parameter: ParameterValue], _ site: ResolvingSite) throws -> LookupStrategy {
    var strategy = standardStrategy(values, site)
    if values[.order] != nil { strategy.order = try values.choice(.order) }
    if let number = values.int(.tokenTile) { strategy.tokenTile = number }
    if let number = values.int(.columnSlice) { strategy.columnSlice = number }
    if let number = values.int(.tableGroup) { strategy.tableGroup = number }
    if let number = values.int(.prefetchRows) { strategy.prefetchRows = number }
    strategy.groupPrefetch = values.text(.groupPrefetch).flatMap(LookupStrategy.GroupPrefetch.init)
    return strategy
  }

  /// The strategy of a look-up that names none of its parameters. Where an order or a parameter of slices is named,
  /// the other parameters are those of slices.
  private func standardStrategy(_ values: [Parameter: ParameterValue], _ site: ResolvingSite) -> LookupStrategy {
    if [.order, .columnSlice, .tableGroup].allSatisfy({ values[$0] == nil }) {
      return LookupStrategy.default(
        shape, tableType: dtype, tokens: team(site.threads).share(of: site.tokens),
        secondLevelBytes: site.secondLevelBytes)
    }
    return LookupStrategy.sliced(
      shape, tableType: dtype, secondLevelBytes: site.secondLevelBytes, columns: values.int(.columnSlice))
  }

  /// Results do not contain the size of blocks.
  public init?(_ row: ResultFigures) {
    guard let tables = row.int("tables"), let tableRows = row.int("table_rows"),
      let projection = row.choice("projection", LookupFFNShape.Hash.self)
    else { return nil }
    self.init(
      hidden: row.hidden, output: row.output, tables: tables, tableRows: tableRows, projection: projection,
      dtype: row.dtype, projectionDtype: row.choice("projection_dtype").flatMap { $0 == .fp32 ? nil : $0 },
      codes: row.choice("codes") ?? .uniform, partition: row.choice("partition").flatMap { $0 == .tokens ? nil : $0 })
    strategy = LookupStrategy(row.columns, output: output, tables: tables)
  }

  public func settled(by row: ResultFigures) -> LookupNetwork {
    var settled = self
    settled.strategy = strategy ?? LookupStrategy(row.columns, output: output, tables: tables)
    return settled
  }

  // MARK: What it is

  public func arithmetic(ofStage stage: String) -> TableType {
    // All FLOPs of a bf16 hash count as bf16, even those of the fp32 transform, most of which are folded into the
    // weights. So the bound remains a bound.
    stage == HashStage.name ? (projectionDtype ?? .fp32).element : .fp32
  }

  public var tableBytes: Int? { shape.tableBytes(dtype) }
  public var usesStoredInput: Bool { codes == .recorded }

  // MARK: Names for people

  public var shapeLabel: [String] {
    ["T=\(tables)", "rows=\(tableRows)"] + (projection == .dense ? ["dense-projection"] : [])
  }

  public var settingsLabel: [String] {
    var parts = [strategy?.label ?? Parameter.automatic]
    if partition == .tables { parts.append("by-tables") }
    if dtype != .fp32 { parts.append(dtype.rawValue) }
    if let projectionDtype { parts.append("\(projectionDtype.rawValue)-projection") }
    if codes != .uniform { parts.append(codes.rawValue) }
    return parts
  }

  public func shapeText(bytes: (Int) -> String) -> String {
    let size = tableBytes.map { " (\(bytes($0))\(dtype == .fp32 ? "" : " \(dtype.rawValue)"))" } ?? ""
    return "T=\(tables) rows=\(tableRows)\(size)" + (projectionDtype == .bf16 ? ", bf16 projection" : "")
  }

  /// Such as `auto sliced/4096/128x8/p2/g-off by tables`: whether it was chosen by measuring, the strategy, and what
  /// the threads divide if not tokens.
  public static func strategyText(_ row: ResultFigures) -> String? {
    [
      row.int("tuned") == 1 ? Parameter.automatic : nil, strategyLabel(row.columns),
      row.choice("partition") == WorkPartition.Axis.tables ? "by tables" : nil,
    ].compactMap { $0 }.joined(separator: " ")
  }

  public static func strategyLabel(_ columns: (String) -> ParameterValue?) -> String? {
    LookupStrategy(columns, output: 1, tables: 1)?.label
  }
}

extension LookupStrategy {
  /// The strategy in columns of results. Sizes that its order ignores are all of the `output` columns and `tables`
  /// tables. Nil where the columns contain none.
  fileprivate init?(_ columns: (String) -> ParameterValue?, output: Int, tables: Int) {
    guard let order = columns("order").flatMap({ Order(rawValue: $0.text) }),
      let tokenTile = columns("token_tile")?.int, let prefetchRows = columns("prefetch_rows")?.int
    else { return nil }
    self.init(
      order: order, tokenTile: tokenTile, columnSlice: columns("column_slice_columns")?.int ?? output,
      tableGroup: columns("table_group")?.int ?? tables, prefetchRows: prefetchRows,
      groupPrefetch: columns("group_prefetch").flatMap { GroupPrefetch(rawValue: $0.text) })
  }
}
