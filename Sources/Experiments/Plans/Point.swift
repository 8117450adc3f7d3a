import Kernels
import Profiler
import Support

/// The fully resolved parameters of one measurement.
///
/// A field that does not matter to the kernel is nil, so that a dense network is planned once and not once per table size.
public struct Point: Hashable, Codable, Sendable {
  /// The sweep that asked for the point first: a label, not part of the identity.
  public var sweep: String
  public var kernel: KernelKind
  /// A safetensors file as the experiment names it; nil for a synthetic layer. Where the file describes another kernel's
  /// layer, only its activations are used.
  public var layer: String?
  /// A name for what is otherwise equal, such as `a` and `b` of a comparison with itself; nothing runs differently.
  public var variant: String?
  /// Names the synthetic weights and activations.
  public var seed: UInt64
  /// Features of a token (d).
  public var hidden: Int
  /// Features between the two products (ff); dense only.
  public var intermediate: Int?
  /// Features of an output row; equal to `hidden` for dense.
  public var output: Int
  /// Number of tables (T), lookup only.
  public var tables: Int?
  /// Rows in a table, a power of two of at least 2; lookup only.
  public var tableRows: Int?
  /// Lookup only.
  public var projection: ProjectionKind?
  /// Side of a block of the block-diagonal factors; BH4 only.
  public var blockSize: Int?
  /// Of the tables, or of a dense network's products.
  public var dtype: ElementType
  /// Lookup only; nil where the projection is fp32.
  public var projectionDtype: ProjectionType?
  public var tokens: Int
  public var threads: Int
  /// Lookup only.
  public var codes: CodeSource?
  /// Lookup only; nil also for a lookup whose strategy is chosen by measuring (`order: auto`).
  public var strategy: LookupStrategy?
  /// Lookup only; nil where each thread takes a share of the tokens, as one thread does.
  public var partition: LookupTeam.Partition?
  public var cpus: CPUPlacement
  public var memory: MemoryPolicy
  public var pages: PageKind
  public var isa: ISARequest

  public init(
    sweep: String, kernel: KernelKind, layer: String? = nil, seed: UInt64, hidden: Int, intermediate: Int? = nil,
    output: Int, tables: Int? = nil, tableRows: Int? = nil, projection: ProjectionKind? = nil, blockSize: Int? = nil,
    dtype: ElementType = .fp32, projectionDtype: ProjectionType? = nil, tokens: Int, threads: Int,
    codes: CodeSource? = nil, strategy: LookupStrategy? = nil,
    partition: LookupTeam.Partition? = nil, cpus: CPUPlacement = .compact, memory: MemoryPolicy = .local,
    pages: PageKind = .transparentHuge,
    isa: ISARequest = .auto
  ) {
    self.sweep = sweep
    self.kernel = kernel
    self.layer = layer
    self.seed = seed
    self.hidden = hidden
    self.intermediate = intermediate
    self.output = output
    self.tables = tables
    self.tableRows = tableRows
    self.projection = projection
    self.blockSize = blockSize
    self.dtype = dtype
    self.projectionDtype = projectionDtype
    self.tokens = tokens
    self.threads = threads
    self.codes = codes
    self.strategy = strategy
    self.partition = partition
    self.cpus = cpus
    self.memory = memory
    self.pages = pages
    self.isa = isa
  }

  /// Whether the strategy is chosen by measuring.
  public var isTuned: Bool { kernel == .lookup && strategy == nil }

  public var team: LookupTeam { LookupTeam(workers: threads, partition: partition ?? .tokens) }

  /// The operand type whose peak the point as a whole is held against: a look-up's is fp32 whatever its tables and its
  /// projection.
  public var arithmetic: ElementType { kernel == .dense ? dtype : .fp32 }

  /// Bytes of all tables together, int8's scales included; nil for dense, and where they are 2^63 or more.
  public var tableBytes: Int? {
    guard let tables, let tableRows else { return nil }
    return (CheckedSize(tables) * tableRows * dtype.rowBytes(columns: output)).value
  }
}
