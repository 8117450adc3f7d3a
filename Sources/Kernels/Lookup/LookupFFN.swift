import AccessStreams
import CKernels
import Support

/// LookupFFN, packed for the micro-kernels.
public final class LookupFFN: Kernel {
  public let shape: LookupFFNShape
  public let strategy: LookupStrategy
  public let team: WorkPartition
  public let tableType: TableType
  public let hashType: HashType
  public let isa: ISA
  public let blas: BLAS?
  let parameters: LookupFFNParameters
  let schedule: LookupSchedule
  let kernels: lk_kernels

  let normScale: FloatBuffer
  let normShift: FloatBuffer
  /// The weights of the hash, in elements of `hashType`.
  let hashWeight: FloatBuffer
  /// The prepared product of a dense bf16 hash; nil in fp32, where the library multiplies the weights in place.
  let hashProduct: (any PreparedProduct)?
  let hashBias: FloatBuffer
  /// One copy, or as many as the memory source asks for.
  private let copies: [PackedTables]
  let bias: FloatBuffer
  /// Rows that the gather reads in place of the hash's codes; nil where it reads the codes.
  var rowOverride: RowOverride?

  public var inputWidth: Int { shape.hidden }
  public var outputWidth: Int { shape.output }
  public var accounts: [StageAccount] { shape.accounts(tables: tableType, hash: hashType) }

  /// Tokens of one product of a dense hash: see `LookupSchedule.hashTile`.
  public static let denseHashTile = 256

  /// Copies `parameters` into `memory`: tables as `tableType`, in the order in which `team` reads them by `strategy`.
  /// A dense hash needs `blas`. Throws `UnsupportedProduct` where the library has no product of `hashType`.
  public init(
    _ parameters: LookupFFNParameters, tableType: TableType = .fp32, hashType: HashType = .fp32,
    strategy: LookupStrategy = LookupStrategy(), team: WorkPartition = WorkPartition(), isa: ISA = .best,
    blas: BLAS? = nil,
    memory: any MemorySource = HeapMemory()
  ) throws {
    let shape = parameters.shape
    try shape.validate()
    try strategy.validate()
    guard let kernels = isa.microKernels else { throw UnsupportedISA(isa: isa) }
    if shape.hash == .dense, blas == nil {
      throw NotAvailable(key: "projection", "expected a BLAS library for the dense projection, found none")
    }
    self.shape = shape
    self.strategy = strategy
    self.team = team
    self.tableType = tableType
    self.hashType = hashType
    self.isa = isa
    self.blas = shape.hash == .dense ? blas : nil
    self.parameters = parameters
    self.kernels = kernels.pointee
    let schedule = LookupSchedule(shape: shape, strategy: strategy, team: team)
    self.schedule = schedule

    func buffer(_ values: [Float], _ role: MemoryRole) throws -> FloatBuffer {
      let buffer = try memory.floats(values.count, for: role)
      buffer.copy(from: values)
      return buffer
    }
    // Folding and packing the weights of the hash make temporary copies.
    try CheckedSize.bytes(CheckedSize(parameters.hashWeight.count) * 2, of: Float.self).requireAllocatable()
    normScale = try buffer(parameters.normScale, .weights)
    normShift = try buffer(parameters.normShift, .weights)
    func halves(_ values: [UInt16]) throws -> FloatBuffer {
      let buffer = try memory.floats((values.count + 1) / 2, for: .weights)
      _ = UnsafeMutableBufferPointer(start: buffer.halves, count: values.count).update(fromContentsOf: values)
      return buffer
    }
    switch (shape.hash, hashType) {
    case (.bh4, .fp32): hashWeight = try buffer(packBH4(foldedBH4(parameters), shape: shape), .weights)
    case (.bh4, .bf16): hashWeight = try halves(packBH4Pairs(foldedBH4(parameters), shape: shape))
    case (.dense, .fp32): hashWeight = try buffer(parameters.hashWeight, .weights)
    case (.dense, .bf16):
      let rounded = try RoundedMatrix(
        parameters.hashWeight, rows: shape.projected, type: .bf16, name: "hash.projection.weight")
      hashWeight = try halves(rounded.values.map { UInt16($0.bitPattern >> 16) })
    }
    hashProduct =
      shape.hash == .dense && hashType == .bf16
      ? try blas?.prepare(
        shape.hashProduct(.bf16), weights: ProductWeights(values: hashWeight.base),
        kernels: kernels.pointee, memory: memory) : nil
    hashBias = try buffer(parameters.hashBias, .weights)
    copies = try LookupFFN.pack(parameters, schedule, tableType, memory)
    bias = try buffer(parameters.bias, .weights)
  }

  /// The same layer with another strategy. It shares everything with `layer`, and the tables with `layer` or one of
  /// `others` if the strategy reads them in the same order; otherwise tables are packed into `memory`.
  public init(
    _ layer: LookupFFN, strategy: LookupStrategy, others: [LookupFFN] = [], memory: any MemorySource
  ) throws {
    try strategy.validate()
    shape = layer.shape
    self.strategy = strategy
    team = layer.team
    tableType = layer.tableType
    hashType = layer.hashType
    isa = layer.isa
    blas = layer.blas
    parameters = layer.parameters
    kernels = layer.kernels
    let schedule = LookupSchedule(shape: layer.shape, strategy: strategy, team: layer.team)
    self.schedule = schedule
    normScale = layer.normScale
    normShift = layer.normShift
    hashWeight = layer.hashWeight
    hashProduct = layer.hashProduct
    hashBias = layer.hashBias
    bias = layer.bias
    rowOverride = layer.rowOverride
    let alike = ([layer] + others).first { $0.tables.slices == schedule.slices }
    copies = try alike?.copies ?? LookupFFN.pack(layer.parameters, schedule, layer.tableType, memory)
  }

  private static func pack(
    _ parameters: LookupFFNParameters, _ schedule: LookupSchedule, _ type: TableType, _ memory: any MemorySource
  ) throws -> [PackedTables] {
    try (0..<max(1, memory.tableCopies)).map { copy in
      try PackedTables(
        parameters.tables, shape: schedule.shape, slices: schedule.slices, type: type, memory: memory, copy: copy)
    }
  }

  /// Whether bf16 products of the hash run on operands widened to fp32, because the CPU lacks an instruction: their
  /// results are those of bf16, their times are not.
  public var widensHash: Bool {
    hashType == .bf16 && shape.hash == .bh4 && !isa.multipliesBF16
  }

  var tables: PackedTables { copies[0] }

  func tables(ofCopy copy: Int) -> PackedTables { copies[copy] }

  public func worker(index: Int, tokens: Range<Int>, memory: any MemorySource) throws -> any KernelWorker {
    try LookupFFNWorker(kernel: self, index: index, tokens: tokens, memory: memory)
  }

  /// Throws where the tables are divided among another number of workers.
  public func workers(
    _ count: Int, tokens: Int, memory: any MemorySource, barrier: @escaping () -> Void
  ) throws -> [any KernelWorker] {
    guard team.axis == .tables else { return try independentWorkers(count, tokens: tokens, memory: memory) }
    precondition(
      count == team.workers,
      "expected the \(team.workers) workers that the tables were divided among, found \(count)")
    let layout = LookupCodes(schedule, tokens: tokens)
    let codes = try memory.floats(layout.count, for: .shared)
    return try (0..<count).map { index in
      try LookupFFNWorker(
        kernel: self, index: index, tokens: schedule.gatheredTokens(ofWorker: index, tokens: tokens),
        steps: schedule.steps(worker: index, tokens: tokens), codes: codes, codeLayout: layout, memory: memory,
        barrier: barrier)
    }
  }
}

extension LookupFFNShape {
  /// The dense hash of a tile of tokens as a product of a library. Its bias is added by the score stage.
  public func hashProduct(_ type: HashType) -> LayerProduct {
    LayerProduct(n: projected, k: hidden, dtype: type.element, finish: .none)
  }
}

/// This CPU cannot run the instruction-set path that was asked for.
public struct UnsupportedISA: NotAvailableError {
  public let isa: ISA

  public var description: String {
    "this CPU cannot run \(isa.rawValue) (it runs \(ISA.supported.map(\.rawValue).joined(separator: ", ")))"
  }
}

extension LookupStrategy {
  /// Throws `InputError` where a size is out of range.
  public func validate() throws {
    for (key, value) in [
      ("token_tile", tokenTile), ("column_slice", columnSlice), ("table_group", tableGroup),
    ] where value < 1 {
      throw InputError(key: key, "expected at least 1, found \(value)")
    }
    guard prefetchRows >= 0 else {
      throw InputError(key: "prefetch_rows", "expected at least 0, found \(prefetchRows)")
    }
  }
}
