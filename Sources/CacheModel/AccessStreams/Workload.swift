/// The work of one phase of a workload in the cores, in total over all tokens and threads. Its traffic beyond the
/// registers comes from the access stream.
public struct PhaseWork: Equatable, Sendable {
  public var name: String
  /// Fused multiply-adds, counted per element; one of them is two FLOPs.
  public var multiplyAdds: Double
  /// Other floating-point vector operations, per element: additions, comparisons, the steps of a polynomial.
  public var otherOperations: Double
  /// Bytes moved between registers and the first-level cache.
  public var loadBytes: Double
  public var storeBytes: Double
  /// Loads of a single number, each of which takes the issue slot of a whole vector's load.
  public var narrowLoads: Double
  /// Instructions other than vector operations, loads and stores: addresses, counters, branches.
  public var scalarInstructions: Double
  /// Chains of dependent vector operations.
  public var chains: Chains
  /// Data-dependent row reads that the code keeps in flight at once: bounds the memory-level parallelism of `gather`s.
  public var independentRows: Double
  /// Bytes of one such read; 0 where there are none.
  public var rowBytes: Double
  /// Bytes of the whole row where such reads are pieces of it and one token's pieces follow each other. Prefetchers
  /// run ahead of such pieces, so they come at a whole row's rate. 0 otherwise.
  public var wholeRowBytes: Double
  /// Vector operations that wait for the lines of one such read; 0 where none do.
  public var rowOperations: Double
  /// Number of such reads that are prefetched ahead, so that no operation waits for them.
  public var prefetchedRows: Double
  /// The type of the multiply-adds' operands. All other operations are fp32.
  public var operands: OperandType
  /// Whether the multiply-adds are vector instructions even on a core with matrix units.
  public var usesVectorsOnly = false
  /// Whether a library computes the multiply-adds: a product of any shape, with packing, edges and updates of its
  /// result.
  public var isLibraryProduct = false

  public init(
    name: String, multiplyAdds: Double = 0, otherOperations: Double = 0, loadBytes: Double = 0, storeBytes: Double = 0,
    narrowLoads: Double = 0, scalarInstructions: Double = 0, chains: Chains = Chains(),
    independentRows: Double = 1, rowBytes: Double = 0, wholeRowBytes: Double = 0, rowOperations: Double = 0,
    prefetchedRows: Double = 0, operands: OperandType = .fp32
  ) {
    self.name = name
    self.multiplyAdds = multiplyAdds
    self.otherOperations = otherOperations
    self.loadBytes = loadBytes
    self.storeBytes = storeBytes
    self.narrowLoads = narrowLoads
    self.scalarInstructions = scalarInstructions
    self.chains = chains
    self.independentRows = independentRows
    self.rowBytes = rowBytes
    self.wholeRowBytes = wholeRowBytes
    self.rowOperations = rowOperations
    self.prefetchedRows = prefetchedRows
    self.operands = operands
  }

  /// Floating-point operations, a fused multiply-add counted as two.
  public var flops: Double { 2 * multiplyAdds + otherOperations }

  /// Instructions on a core with vectors of `vectorBytes`, all operands fp32.
  package func instructions(vectorBytes: Double) -> Double {
    (multiplyAdds + otherOperations) * 4 / vectorBytes + otherInstructions(vectorBytes: vectorBytes)
  }

  /// Instructions without vector arithmetic. Whole vectors are loaded by the instructions that use them.
  package func otherInstructions(vectorBytes: Double) -> Double {
    storeBytes / vectorBytes + narrowLoads + scalarInstructions
  }
}

/// Dependent vector operations of a phase. A core overlaps them only with instructions within its scheduler window.
public struct Chains: Equatable, Sendable {
  /// Steps of all chains, each as long as a multiply-add's latency, counted per element like operations: n vectors of l
  /// elements that go through s steps each are n x l x s.
  public var steps: Double
  /// Vector operations from the start of one chain to the start of the next.
  public var operations: Double

  /// The default is no chains.
  public init(steps: Double = 0, operations: Double = 1) {
    self.steps = steps
    self.operations = operations
  }
}

/// The type of a multiply-add's operands. Sums are fp32; sums of int8 operands are 32-bit integers.
public enum OperandType: String, CaseIterable, Sendable {
  case fp32, bf16, int8
}

/// A computation that the model can project: the work of its phases in a core, and the memory they touch.
///
/// The model knows nothing of feed-forward networks; a kernel describes itself through this protocol.
/// Several machines read one workload's stream at the same time.
public protocol Workload: Sendable {
  /// Units of work (tokens) that the phases and the stream cover.
  var tokens: Int { get }
  /// Cores that run it, one thread each; the stream numbers them 0..<threads.
  var threads: Int { get }
  var phases: [PhaseWork] { get }
  /// States every access once, entering each phase before its accesses. Phases may alternate, tile by tile.
  func emit(to stream: AccessStream)
}
