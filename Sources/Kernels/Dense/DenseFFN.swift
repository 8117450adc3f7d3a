import AccessStreams
import CKernels
import Support

/// The dense feed-forward network: two library products per tile of tokens with bias and GELU between them.
///
/// Input and output are fp32 for every element type, as in look-ups. Rounding the input and scaling the output are
/// part of the work.
/// - bf16: input, weights and intermediate features are bf16, sums are fp32.
/// - int8: weights are symmetric with one scale per output feature, input and intermediate features with one scale per
///   token (dynamic quantisation), stored with a zero point of 128; sums are 32-bit integers.
public final class DenseFFN: Kernel {
  public let shape: DenseFFNShape
  public let dtype: TableType
  public let isa: ISA
  public let library: BLAS
  /// Tokens whose intermediate activations are produced and consumed together.
  public let tokenTile: Int
  let parameters: DenseFFNParameters
  let kernels: lk_kernels

  let matrix1: DenseMatrix
  let matrix2: DenseMatrix
  let product1: any PreparedProduct
  let product2: any PreparedProduct

  public var blas: BLAS? { library }
  public var inputWidth: Int { shape.hidden }
  public var outputWidth: Int { shape.hidden }
  public var accounts: [StageAccount] { shape.accounts(dtype) }

  /// 1024 rows: at ff = 2048 the tile's activations are 8 MiB, which a last-level cache holds, and the library's packing
  /// of the weights is spread over enough rows to cost below one percent.
  public static let defaultTokenTile = 1024

  /// Throws `UnsupportedProduct` where `blas` has no product of `dtype`.
  public init(
    _ parameters: DenseFFNParameters, dtype: TableType = .fp32, isa: ISA = .best, blas: BLAS,
    tokenTile: Int = DenseFFN.defaultTokenTile, memory: any MemorySource = HeapMemory()
  ) throws {
    guard let kernels = isa.microKernels else { throw UnsupportedISA(isa: isa) }
    guard tokenTile >= 1 else { throw InputError(key: "token_tile", "expected at least 1, found \(tokenTile)") }
    shape = parameters.shape
    self.dtype = dtype
    self.isa = isa
    library = blas
    self.tokenTile = tokenTile
    self.parameters = parameters
    self.kernels = kernels.pointee
    matrix1 = try DenseMatrix(
      parameters.weight1, bias: parameters.bias1, type: dtype, name: "fc1.weight", memory: memory)
    matrix2 = try DenseMatrix(
      parameters.weight2, bias: parameters.bias2, type: dtype, name: "fc2.weight", memory: memory)
    let products = shape.products(dtype)
    func prepare(_ product: LayerProduct, _ matrix: DenseMatrix) throws -> any PreparedProduct {
      try blas.prepare(
        product, weights: ProductWeights(values: matrix.values.base, bias: matrix.bias.base), kernels: kernels.pointee,
        memory: memory)
    }
    product1 = try prepare(products.first, matrix1)
    product2 = try prepare(products.second, matrix2)
  }

  public func worker(index: Int, tokens: Range<Int>, memory: any MemorySource) throws -> any KernelWorker {
    try DenseFFNWorker(kernel: self, index: index, tokens: tokens, memory: memory)
  }
}

extension DenseFFNShape {
  /// The layer's products as its workers call them.
  public func products(_ dtype: TableType) -> (first: LayerProduct, second: LayerProduct) {
    (
      LayerProduct(n: intermediate, k: hidden, dtype: dtype, finish: .biasGELU, roundsResult: true),
      LayerProduct(n: hidden, k: intermediate, dtype: dtype, finish: .bias)
    )
  }
}
