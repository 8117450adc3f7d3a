import CKernels
import Support

/// A dense layer's product as a library computes it: y[rows, n] = finish(x[rows, k] W[n, k]^T), all row-major and
/// contiguous.
///
/// | dtype | x | W | y |
/// |---|---|---|---|
/// | fp32 | fp32 | fp32 | fp32 |
/// | bf16 | bf16 | bf16 | `result`; products are summed in fp32 |
/// | int8 | unsigned bytes | signed bytes | 32-bit sums, without finish |
public struct LayerProduct: Hashable, Codable, Sendable {
  /// The operation on a sum before it is stored.
  public enum Finish: String, Codable, Sendable {
    case none
    case bias
    case biasGELU = "bias-gelu"
  }

  public var n: Int
  public var k: Int
  public var dtype: TableType
  public var finish: Finish
  /// Whether the result of a bf16 product is rounded to bf16, as the input of the next product; otherwise it is fp32.
  public var roundsResult: Bool

  public init(n: Int, k: Int, dtype: TableType, finish: Finish, roundsResult: Bool = false) {
    self.n = n
    self.k = k
    self.dtype = dtype
    self.finish = dtype == .int8 ? .none : finish
    self.roundsResult = roundsResult && dtype == .bf16
  }

  /// Bytes of an element of the result.
  public var resultBytes: Int { roundsResult ? 2 : 4 }
}

/// A product whose weights are in the layout that the library prefers.
protocol PreparedProduct: AnyObject {
  /// A call for exactly `rows` rows, with scratch from `memory`, for one thread.
  func call(rows: Int, memory: any MemorySource, role: MemoryRole) throws -> any ProductCall
}

/// A product ready to run. `run` allocates nothing.
protocol ProductCall: AnyObject {
  func run(x: UnsafeRawPointer, y: UnsafeMutableRawPointer)
}

/// Weights and bias of a product, which outlive it.
struct ProductWeights {
  /// [n, k] in the product's element type.
  var values: UnsafeRawPointer
  /// n floats; nil where the finish has none.
  var bias: UnsafePointer<Float>?
}

/// A library cannot compute a product of this element type.
public struct UnsupportedProduct: NotAvailableError {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
