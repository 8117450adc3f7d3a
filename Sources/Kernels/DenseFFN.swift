import CKernels
import CacheModel
import InputFiles

/// The dense feed-forward network: two library products per tile of tokens with bias and GELU between them.
public final class DenseFFN: Kernel {
  public let shape: DenseFFNShape
  public let isa: ISA
  public let library: BLAS
  /// Tokens whose intermediate activations are produced and consumed together.
  public let tokenTile: Int
  let parameters: DenseFFNParameters
  let kernels: lk_kernels

  let weight1: FloatBuffer
  let bias1: FloatBuffer
  let weight2: FloatBuffer
  let bias2: FloatBuffer

  public var blas: BLAS? { library }
  public var inputWidth: Int { shape.hidden }
  public var outputWidth: Int { shape.hidden }
  public var accounts: [StageAccount] { shape.accounts }

  /// 1024 rows: at ff = 2048 the tile's activations are 8 MiB, which a last-level cache holds, and the library's packing
  /// of the weights is spread over enough rows to cost below one percent.
  public static let defaultTokenTile = 1024

  public init(
    _ parameters: DenseFFNParameters, isa: ISA = .best, blas: BLAS, tokenTile: Int = DenseFFN.defaultTokenTile,
    memory: any MemorySource = HeapMemory()
  ) throws {
    guard let kernels = isa.microKernels else { throw UnsupportedISA(isa: isa) }
    guard tokenTile >= 1 else { throw InputError(key: "token_tile", "expected at least 1, found \(tokenTile)") }
    shape = parameters.shape
    self.isa = isa
    library = blas
    self.tokenTile = tokenTile
    self.parameters = parameters
    self.kernels = kernels.pointee

    func buffer(_ values: [Float]) throws -> FloatBuffer {
      let buffer = try memory.floats(values.count, for: .weights)
      buffer.copy(from: values)
      return buffer
    }
    weight1 = try buffer(parameters.weight1)
    bias1 = try buffer(parameters.bias1)
    weight2 = try buffer(parameters.weight2)
    bias2 = try buffer(parameters.bias2)
  }

  public func worker(index: Int, tokens: Range<Int>, memory: any MemorySource) throws -> any KernelWorker {
    try DenseFFNWorker(kernel: self, index: index, tokens: tokens, memory: memory)
  }

  public func check(input: UnsafePointer<Float>, output: UnsafePointer<Float>, tokens: [Int]) throws -> CheckResult {
    let reference = DenseFFNReference(parameters)
    var check = CheckAccumulator()
    for token in tokens {
      let expected = reference.token(UnsafeBufferPointer(start: input + token * shape.hidden, count: shape.hidden))
      check.tokens += 1
      for column in 0..<shape.hidden {
        check.add(actual: output[token * shape.hidden + column], expected: expected[column])
      }
    }
    return check.result
  }
}

/// One thread's pass through a dense layer.
final class DenseFFNWorker: KernelWorker {
  private let kernel: DenseFFN
  private let tiles: [Range<Int>]
  private let intermediate: FloatBuffer

  init(kernel: DenseFFN, index: Int, tokens: Range<Int>, memory: any MemorySource) throws {
    self.kernel = kernel
    tiles = tokens.pieces(of: kernel.tokenTile)
    intermediate = try memory.floats(
      min(kernel.tokenTile, max(tokens.count, 1)) * kernel.shape.intermediate, for: .scratch(worker: index))
  }

  func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    let d = kernel.shape.hidden
    let ff = kernel.shape.intermediate
    for tile in tiles {
      let x = input + tile.lowerBound * d
      let y = output + tile.lowerBound * d
      kernel.library.multiply(
        m: tile.count, n: ff, k: d, a: x, aStride: d, bTransposed: kernel.weight1.base, bStride: d, beta: 0,
        c: intermediate.base, cStride: ff)
      var gelu = lk_bias_gelu(
        x: intermediate.base, stride: ff, rows: tile.count, columns: ff, bias: kernel.bias1.base)
      kernel.kernels.bias_gelu(&gelu)
      // The second bias is the value that the second product adds to.
      for row in 0..<tile.count { (y + row * d).update(from: kernel.bias2.base, count: d) }
      kernel.library.multiply(
        m: tile.count, n: d, k: ff, a: intermediate.base, aStride: ff, bTransposed: kernel.weight2.base, bStride: ff,
        beta: 1, c: y, cStride: d)
    }
  }
}
