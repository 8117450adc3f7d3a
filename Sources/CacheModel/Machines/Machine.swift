import AccessStreams

/// One CPU socket as the model sees it: cores, caches, memory.
///
/// Everything except the caches may be absent. Caches are enough to simulate a trace; a projection names the keys
/// that it lacks. Quantities carry their unit in the name, with the same meaning as the keys of the machine file
/// (docs/reference/model.md).
public struct Machine: Equatable, Sendable {
  public static let schema = "lookahead/machine/1"

  /// Whether the machine can be bought.
  public enum Status: String, CaseIterable, Sendable, Encodable {
    case current
    /// Announced by its maker or credible press; its figures are what is known before it exists.
    case announced
    /// Not planned by anyone: a donor with some figures changed, to see their effect.
    case hypothetical
  }

  public var name: String
  public var description: String
  public var status: Status
  /// The maker's generation of its cores, such as `zen5`: machines of one generation have the same kinds of caches and
  /// prefetchers. Nil where the file does not say.
  public var generation: String?
  /// Where the figures come from, for readers; `provenance` has the source of each key.
  public var sources: [String]
  /// Physical cores of the socket.
  public var cores: Int?
  /// How many cores' worth of multiply-adds all cores reach together: fewer than `cores` where their clock falls
  /// under load, or where a virtual machine's cores are halves of real ones. Nil where not measured.
  public var effectiveCores: Double?
  /// Sustained core frequency with every core busy.
  public var frequencyGHz: Double?
  public var simd: VectorUnits?
  /// From the level next to the core to the last one. Never empty.
  public var caches: [CacheDescription]
  /// Levels of a core's data TLB, the first one first; empty where nothing is known.
  public var tlb: [TLBDescription]
  /// Whether transfers between different levels happen at the same time (Zen, Neoverse) or add up (Intel server cores).
  public var transfersOverlap: Bool?
  /// Share of the shorter of a core's own work and its transfers that hides behind the longer; nil where not
  /// measured. It applies only to machines whose transfers overlap.
  public var overlap: Double?
  /// The memories that a socket can use. Projections use the first one unless told otherwise.
  public var memory: [MemoryDescription]
  public var numa: NUMADescription?
  /// The source of each figure, by key path such as `caches[0].latency_cycles`. A key without an entry takes that of
  /// its nearest enclosing path (`caches[0]`, then `caches`).
  public var provenance: [String: Provenance]

  public init(
    name: String, description: String = "", status: Status = .current, generation: String? = nil,
    sources: [String] = [], cores: Int? = nil,
    effectiveCores: Double? = nil, frequencyGHz: Double? = nil, simd: VectorUnits? = nil, caches: [CacheDescription],
    tlb: [TLBDescription] = [], transfersOverlap: Bool? = nil, overlap: Double? = nil,
    memory: [MemoryDescription] = [], numa: NUMADescription? = nil, provenance: [String: Provenance] = [:]
  ) {
    self.name = name
    self.description = description
    self.status = status
    self.generation = generation
    self.sources = sources
    self.cores = cores
    self.effectiveCores = effectiveCores
    self.frequencyGHz = frequencyGHz
    self.simd = simd
    self.caches = caches
    self.tlb = tlb
    self.transfersOverlap = transfersOverlap
    self.overlap = overlap
    self.memory = memory
    self.numa = numa
    self.provenance = provenance
  }

  /// The effective cores of a machine with `cores` cores, in proportion to this machine's.
  func effectiveCores(of cores: Int?) -> Double? {
    guard let effectiveCores, let own = self.cores, let cores else { return effectiveCores }
    return max(1, effectiveCores * Double(cores) / Double(own))
  }

  /// Bytes of a cache line, the same in every level.
  public var lineBytes: Int { caches.first?.lineBytes ?? 64 }
}

/// The vector units of one core.
public struct VectorUnits: Equatable, Sendable {
  /// Name of the instruction set, such as `avx512`; for people and for choosing kernels.
  public var isa: String
  /// Bits of one fused multiply-add instruction's operands, as the unit executes it: 256 where AVX-512 is split in two.
  public var widthBits: Int
  /// Fused multiply-adds of that width started per cycle.
  public var fmaUnits: Int
  /// Multiply-adds of bf16 operands per cycle, matrix units included; nil where unknown or where the core has no
  /// instruction for them.
  public var bf16PerCycle: Double?
  /// Multiply-adds of int8 operands per cycle, matrix units included; nil as for bf16.
  public var int8PerCycle: Double?
  /// Share of the multiply-add peak that a register-tiled product with its operands in the caches reaches; nil where
  /// not measured.
  public var gemmEfficiency: Double?
  /// Latency of a dependent fused multiply-add in cycles.
  public var latencyCycles: Double?
  /// Vector operations that a core's scheduler holds while later instructions go on.
  public var schedulerWindow: Double?
  /// Instructions that a core starts per cycle at most.
  public var issueWidth: Double?

  public init(
    isa: String, widthBits: Int, fmaUnits: Int, bf16PerCycle: Double? = nil, int8PerCycle: Double? = nil,
    gemmEfficiency: Double? = nil, latencyCycles: Double? = nil, schedulerWindow: Double? = nil,
    issueWidth: Double? = nil
  ) {
    self.isa = isa
    self.widthBits = widthBits
    self.fmaUnits = fmaUnits
    self.bf16PerCycle = bf16PerCycle
    self.int8PerCycle = int8PerCycle
    self.gemmEfficiency = gemmEfficiency
    self.latencyCycles = latencyCycles
    self.schedulerWindow = schedulerWindow
    self.issueWidth = issueWidth
  }

  /// Multiply-adds per cycle; nil where the machine does not say.
  public func multiplyAddsPerCycle(_ operands: OperandType) -> Double? {
    switch operands {
    case .fp32: return Double(widthBits / 32 * fmaUnits)
    case .bf16: return bf16PerCycle
    case .int8: return int8PerCycle
    }
  }

  /// Multiply-adds per cycle without matrix units: a vector instruction holds as many more narrow operands as they are narrower than
  /// floats, and the core starts no more of them than of fp32's.
  public func vectorMultiplyAddsPerCycle(_ operands: OperandType) -> Double? {
    let floats = Double(widthBits / 32 * fmaUnits)
    switch operands {
    case .fp32: return floats
    case .bf16: return bf16PerCycle.map { min($0, 2 * floats) }
    case .int8: return int8PerCycle.map { min($0, 4 * floats) }
    }
  }
}

/// The NUMA nodes that share the work and the link between them.
public struct NUMADescription: Equatable, Sendable {
  public var nodes: Int
  /// Load-to-use latency of another node's idle memory.
  public var remoteLatencyNanoseconds: Double?
  /// Bandwidth of the link to the other nodes, one direction.
  public var linkGigabytesPerSecond: Double?

  public init(nodes: Int, remoteLatencyNanoseconds: Double? = nil, linkGigabytesPerSecond: Double? = nil) {
    self.nodes = nodes
    self.remoteLatencyNanoseconds = remoteLatencyNanoseconds
    self.linkGigabytesPerSecond = linkGigabytesPerSecond
  }
}
