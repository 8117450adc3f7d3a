import CKernels
import CacheModel
import InputFiles

/// LookupFFN, packed for the micro-kernels.
public final class LookupFFN: Kernel {
  public let shape: LookupFFNShape
  public let strategy: LookupStrategy
  public let team: LookupTeam
  public let tableType: TableType
  public let isa: ISA
  public let blas: BLAS?
  let parameters: LookupFFNParameters
  let schedule: LookupSchedule
  let kernels: lk_kernels

  let normScale: FloatBuffer
  let normShift: FloatBuffer
  let projectionWeight: FloatBuffer
  let projectionBias: FloatBuffer
  /// One copy, or as many as the memory source asks for.
  private let copies: [PackedTables]
  let bias: FloatBuffer
  /// Rows that the gather reads in place of the hash's codes; nil for the hash's own.
  var drawnRows: DrawnRows?

  public var inputWidth: Int { shape.hidden }
  public var outputWidth: Int { shape.output }
  public var accounts: [StageAccount] { shape.accounts(tables: tableType) }

  /// Tokens of one product of a dense projection: see `LookupSchedule.projectionTile`.
  public static let denseProjectionTile = 256

  /// Copies `parameters` into `memory`, the tables as `tableType` and in the order in which `team` reads them by `strategy`.
  /// A dense projection needs `blas`.
  public init(
    _ parameters: LookupFFNParameters, tableType: TableType = .fp32, strategy: LookupStrategy = LookupStrategy(),
    team: LookupTeam = LookupTeam(), isa: ISA = .best, blas: BLAS? = nil, memory: any MemorySource = HeapMemory()
  ) throws {
    let shape = parameters.shape
    try shape.validate()
    try strategy.validate()
    guard let kernels = isa.microKernels else { throw UnsupportedISA(isa: isa) }
    if shape.projection == .dense, blas == nil {
      throw InputError(key: "projection", "expected a BLAS library for the dense projection, found none")
    }
    self.shape = shape
    self.strategy = strategy
    self.team = team
    self.tableType = tableType
    self.isa = isa
    self.blas = shape.projection == .dense ? blas : nil
    self.parameters = parameters
    self.kernels = kernels.pointee
    let schedule = LookupSchedule(shape: shape, strategy: strategy, team: team)
    self.schedule = schedule

    func buffer(_ values: [Float], _ role: MemoryRole) throws -> FloatBuffer {
      let buffer = try memory.floats(values.count, for: role)
      buffer.copy(from: values)
      return buffer
    }
    normScale = try buffer(parameters.normScale, .weights)
    normShift = try buffer(parameters.normShift, .weights)
    projectionWeight = try buffer(
      shape.projection == .bh4 ? packBH4(parameters) : parameters.projectionWeight, .weights)
    projectionBias = try buffer(parameters.projectionBias, .weights)
    copies = try LookupFFN.pack(parameters, schedule, tableType, memory)
    bias = try buffer(parameters.bias, .weights)
  }

  /// The same layer walked by another strategy: shares all of `layer`, and its tables or those of one of `others` where
  /// the strategy reads them in the same order. Otherwise they are packed into `memory`.
  public init(
    _ layer: LookupFFN, strategy: LookupStrategy, others: [LookupFFN] = [], memory: any MemorySource
  ) throws {
    try strategy.validate()
    shape = layer.shape
    self.strategy = strategy
    team = layer.team
    tableType = layer.tableType
    isa = layer.isa
    blas = layer.blas
    parameters = layer.parameters
    kernels = layer.kernels
    let schedule = LookupSchedule(shape: layer.shape, strategy: strategy, team: layer.team)
    self.schedule = schedule
    normScale = layer.normScale
    normShift = layer.normShift
    projectionWeight = layer.projectionWeight
    projectionBias = layer.projectionBias
    bias = layer.bias
    drawnRows = layer.drawnRows
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

  var tables: PackedTables { copies[0] }

  func tables(ofCopy copy: Int) -> PackedTables { copies[copy] }

  public func worker(index: Int, tokens: Range<Int>, memory: any MemorySource) throws -> any KernelWorker {
    try LookupFFNWorker(kernel: self, index: index, tokens: tokens, memory: memory)
  }

  /// Throws where the tables are divided among another number of workers.
  public func workers(
    _ count: Int, tokens: Int, memory: any MemorySource, barrier: @escaping () -> Void
  ) throws -> [any KernelWorker] {
    guard team.partition == .tables else { return try independentWorkers(count, tokens: tokens, memory: memory) }
    guard count == team.workers else {
      throw InputError(
        key: "threads", "expected the \(team.workers) workers that the tables were divided among, found \(count)")
    }
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

/// This CPU cannot run the instruction-set path that was asked for.
public struct UnsupportedISA: Error, CustomStringConvertible {
  public let isa: ISA

  public var description: String {
    "this CPU cannot run \(isa.rawValue) (it runs \(ISA.supported.map(\.rawValue).joined(separator: ", ")))"
  }
}

extension LookupStrategy {
  /// Throws where a size makes no walk.
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

/// Packs the BH4 factors for `lk_block_product` and folds into them what is linear and constant.
///
/// H_D = H_(D/b) (x) H_b, so the transform's stages inside a block of size b are a product with H_b, which is folded into
/// the block's weights here; only the stages across blocks remain at run time. The chain's share of the mix is folded
/// into its last factor. Both are done in double precision and rounded once.
private func packBH4(_ parameters: LookupFFNParameters) -> [Float] {
  let shape = parameters.shape
  let size = shape.blockSize
  let pack = min(Int(LK_OUTPUT_PACK), size)
  var packed = [Float](repeating: 0, count: parameters.projectionWeight.count)
  for chain in 0..<shape.repeats {
    for factor in 0..<LookupFFNShape.factors {
      let share = factor == LookupFFNShape.factors - 1 ? Double(parameters.chainShare) : 1
      for block in 0..<shape.blocks {
        let base = ((chain * LookupFFNShape.factors + factor) * shape.blocks + block) * size * size
        for i in 0..<size {
          var column = (0..<size).map { Double(parameters.projectionWeight[base + $0 * size + i]) }
          walshHadamard(&column)
          for o in 0..<size {
            packed[base + (o / pack * size + i) * pack + o % pack] = Float(column[o] * share)
          }
        }
      }
    }
  }
  return packed
}
