/// What one phase of a workload asks of a core, in total over all tokens and threads; its traffic beyond the registers
/// comes from the access stream.
public struct PhaseWork: Equatable, Sendable {
  public var name: String
  /// Fused multiply-adds, counted per element; one of them is two FLOPs.
  public var multiplyAdds: Double
  /// Other floating-point vector operations, per element: additions, comparisons, the steps of a polynomial.
  public var otherOperations: Double
  /// Bytes moved between registers and the first-level cache.
  public var loadBytes: Double
  public var storeBytes: Double
  /// Data-dependent row reads that the code keeps in flight at once: bounds the memory-level parallelism of `gather`s.
  public var independentRows: Double
  /// Bytes that such a read takes at once; 0 where there are none.
  public var rowBytes: Double
  /// The type of the multiply-adds' operands. All other operations are fp32.
  public var operands: OperandType
  /// Whether the multiply-adds are vector instructions, whatever matrix units the core has besides.
  public var usesVectorsOnly = false

  public init(
    name: String, multiplyAdds: Double = 0, otherOperations: Double = 0, loadBytes: Double = 0, storeBytes: Double = 0,
    independentRows: Double = 1, rowBytes: Double = 0, operands: OperandType = .fp32
  ) {
    self.name = name
    self.multiplyAdds = multiplyAdds
    self.otherOperations = otherOperations
    self.loadBytes = loadBytes
    self.storeBytes = storeBytes
    self.independentRows = independentRows
    self.rowBytes = rowBytes
    self.operands = operands
  }

  /// Floating-point operations, a fused multiply-add counted as two.
  public var flops: Double { 2 * multiplyAdds + otherOperations }
}

/// The type of a multiply-add's operands; sums are fp32, of int8 operands 32-bit.
public enum OperandType: String, CaseIterable, Sendable {
  case fp32, bf16, int8
}

/// A computation that the model can project: what its phases ask of a core, and the memory they touch.
///
/// The model knows nothing of feed-forward networks; a kernel describes itself through this.
public protocol Workload {
  /// Units of work (tokens) that the phases and the stream cover.
  var tokens: Int { get }
  /// Cores that run it, one thread each; the stream numbers them 0..<threads.
  var threads: Int { get }
  var phases: [PhaseWork] { get }
  /// States every access once, entering each phase before its accesses. Phases may alternate, tile by tile.
  func emit(to stream: AccessStream)
}
