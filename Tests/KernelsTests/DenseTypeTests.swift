import AccessStreams
import CKernels
import TestSupport
import Testing

@testable import Kernels

/// The capabilities of this machine's libraries.
enum Libraries {
  /// Whether one of them multiplies in `dtype`; on a machine without one there is nothing to test.
  static func multiply(_ dtype: TableType) -> Bool { (try? BLAS.load(for: dtype)) != nil }

  /// Every known library that multiplies in `dtype`.
  static func all(_ dtype: TableType) -> [BLAS] {
    LibraryFamily.known.flatMap(\.files).compactMap { file in
      guard let library = try? BLAS.load(LibraryCandidate(file: file)),
        (try? library.requireProduct(of: dtype)) != nil
      else { return nil }
      return library
    }
  }
}

/// A dense layer's run on random tokens.
private struct Pass {
  let layer: DenseFFN
  let parameters: DenseFFNParameters
  let tokens: Int
  let input: [Float]
  var output: [Float]

  init(
    _ shape: DenseFFNShape, _ dtype: TableType, tokens: Int, isa: ISA = .best, blas: BLAS? = nil, tile: Int = 48,
    tamper: (DenseFFN) -> Void = { _ in }
  ) throws {
    parameters = DenseFFNParameters.random(shape, seed: 5)
    layer = try DenseFFN(parameters, dtype: dtype, isa: isa, blas: blas ?? BLAS.load(for: dtype), tokenTile: tile)
    tamper(layer)
    self.tokens = tokens
    var random = RandomSource(seed: 6)
    // Wide enough to reach both tails of the error function.
    input = random.normals(tokens * shape.hidden, deviation: 2)
    var output = [Float](repeating: .nan, count: tokens * shape.hidden)
    for (index, share) in partition(tokens: tokens, workers: 2).enumerated() {
      try layer.worker(index: index, tokens: share, memory: HeapMemory()).run(input: input, output: &output)
    }
    self.output = output
  }

  func check() throws -> CheckResult {
    try layer.check(input: input, output: output, tokens: Array(0..<tokens))
  }
}

@Suite(.machine) struct DenseTypeTests {
  // MARK: - The layer

  @Test(
    arguments: [(1, 1, 1), (5, 3, 40), (96, 200, 37), (64, 130, 130)], [TableType.bf16, .int8])
  func `the output is that of the rounded network for any shape, on every path and library`(
    dimensions: (Int, Int, Int), dtype: TableType
  ) throws {
    let (hidden, intermediate, tokens) = dimensions
    for library in Libraries.all(dtype) {
      for isa in ISA.supported {
        let pass = try Pass(
          DenseFFNShape(hidden: hidden, intermediate: intermediate), dtype, tokens: tokens, isa: isa, blas: library)
        let result = try pass.check()
        #expect(result.passed, "\(library.fullTitle) \(isa) \(result)")
      }
    }
  }

  @Test(arguments: TableType.allCases)
  func `every library gives the fp32 layer's bias and GELU, fused or not`(dtype: TableType) throws {
    for library in Libraries.all(dtype) {
      let result = try Pass(DenseFFNShape(hidden: 40, intermediate: 90), dtype, tokens: 70, blas: library).check()
      #expect(result.passed, "\(library.fullTitle) \(result)")
      // fp32 is not rounded; the other types must be, or the products ran in fp32.
      #expect(dtype == .fp32 ? result.maxAbsoluteError < 1e-5 : result.maxAbsoluteError > 1e-4)
    }
  }

  @Test(arguments: [TableType.bf16, .int8])
  func `rounding changes the output by no more than the layer's own bound`(dtype: TableType) throws {
    for (hidden, intermediate) in [(7, 9), (64, 100), (100, 64)] {
      let parameters = DenseFFNParameters.random(
        DenseFFNShape(hidden: hidden, intermediate: intermediate), seed: UInt64(hidden))
      let reference = DenseFFNReference(parameters)
      let rounding = try DenseFFNRounding(parameters, type: dtype)
      var random = RandomSource(seed: 3)
      for _ in 0..<5 {
        let x = random.normals(hidden)
        let rounded = x.withUnsafeBufferPointer { rounding.token($0, definition: reference.token($0)) }
        let bound = errorBound(parameters, x, dtype)
        for column in 0..<hidden {
          let error = abs(rounded.shift[column])
          #expect(error <= bound[column], "\(error) of \(bound[column])")
          // The part that rounding decides by chance is small compared with the largest change.
          #expect(rounded.slack[column] <= bound[column])
        }
      }
    }
  }

  @Test(arguments: [TableType.bf16, .int8])
  func `a wrong weight is caught in either product`(dtype: TableType) throws {
    // oneDNN packs the weights when a worker is made, so a change before that is multiplied.
    guard Libraries.multiply(dtype) else { return }
    let shape = DenseFFNShape(hidden: 64, intermediate: 256)
    #expect(try Pass(shape, dtype, tokens: 20).check().passed)
    for matrix in [\DenseFFN.matrix1, \.matrix2] {
      let pass = try Pass(shape, dtype, tokens: 20) { layer in
        // Changes the sign of one weight among 16,384 that is not one of the smallest.
        let weights = UnsafeMutableRawPointer(layer[keyPath: matrix].values.base)
        if dtype == .bf16 {
          let values = weights.assumingMemoryBound(to: UInt16.self)
          let place = (0..<64).max { values[$0] & 0x7FFF < values[$1] & 0x7FFF } ?? 0
          values[place] ^= 0x8000
        } else {
          let values = weights.assumingMemoryBound(to: Int8.self)
          let place = (0..<64).max { values[$0].magnitude < values[$1].magnitude } ?? 0
          values[place] = -values[place]
        }
      }
      let result = try pass.check()
      #expect(!result.passed, "\(result)")
      #expect(result.failure?.contains("not that of rounding") == true)
    }
  }

  @Test func `a wrong scale, bias or zero point is caught`() throws {
    guard Libraries.multiply(.int8) else { return }
    let tampers: [(DenseFFN) -> Void] = [
      { $0.matrix1.scales?.base[3] *= 1.01 }, { $0.matrix2.scales?.base[3] *= 1.01 },
      { $0.matrix1.zeros?.integers[3] += 128 }, { $0.matrix2.zeros?.integers[3] += 128 },
      { $0.matrix1.bias.base[3] += 0.05 }, { $0.matrix2.bias.base[3] += 1e-3 },
    ]
    for tamper in tampers {
      #expect(try !Pass(DenseFFNShape(hidden: 64, intermediate: 96), .int8, tokens: 20, tamper: tamper).check().passed)
    }
  }

  @Test(arguments: [Float.nan, .infinity, .greatestFiniteMagnitude])
  func `a weight that bf16 cannot hold is refused by its row`(value: Float) throws {
    guard Libraries.multiply(.bf16) else { return }
    var parameters = DenseFFNParameters.random(DenseFFNShape(hidden: 4, intermediate: 6), seed: 1)
    parameters.weight2[3 * 6 + 2] = value
    #expect(
      errorMessage { _ = try DenseFFN(parameters, dtype: .bf16, blas: BLAS.load(for: .bf16)) }
        == "fc2.weight: expected finite values that bf16 can hold, found others in row 3")
  }

  @Test(arguments: [TableType.bf16, .int8])
  func `where no library multiplies in a type, the error names those present and does not advise to install them`(
    dtype: TableType
  ) {
    guard !Libraries.multiply(dtype), let oneDNN = try? BLAS.load(LibraryCandidate(file: "libdnnl.so.2")) else {
      return
    }
    let message = errorMessage { _ = try BLAS.load(for: dtype) }
    #expect(message.contains("\(oneDNN.title) cannot multiply in \(dtype.rawValue)"), "\(message)")
    #expect(!message.contains("apt-get") && !message.contains("cannot open shared object file"), "\(message)")
  }

  @Test(arguments: [TableType.bf16, .int8])
  func `a library without products of a type says so`(dtype: TableType) throws {
    guard let library = try? BLAS.load(LibraryCandidate(file: "libblis.so.4")) else { return }
    let parameters = DenseFFNParameters.random(DenseFFNShape(hidden: 4, intermediate: 6), seed: 1)
    let message = errorMessage { _ = try DenseFFN(parameters, dtype: dtype, blas: library) }
    #expect(message.hasPrefix("\(library.title) cannot multiply in \(dtype.rawValue): no symbol cblas_"), "\(message)")
  }

  // MARK: - Access stream and accounting

  @Test(arguments: TableType.allCases)
  func `weights count in the bytes that they are stored in`(dtype: TableType) {
    let shape = DenseFFNShape(hidden: 16, intermediate: 64)
    let accounts = shape.accounts(dtype)
    let scales = dtype == .int8 ? 4 * (16 + 64) : 0
    #expect(accounts.reduce(0) { $0 + $1.weightBytes } == Double(2 * 16 * 64 * dtype.bytes + 4 * (16 + 64) + scales))
    let products = accounts.filter { $0.stage.hasSuffix("product") }
    #expect(products.map(\.stage) == [FirstProductStage.name, SecondProductStage.name])
    let workload = DenseWorkload(shape: shape, dtype: dtype, tokenTile: 32, tokens: 64, threads: 1)
    #expect(workload.phases.map(\.name) == accounts.map(\.stage))
    #expect(workload.phases.map(\.operands) == [OperandType(dtype), .fp32, OperandType(dtype)])
    #expect(workload.phases.map(\.multiplyAdds).max() == Double(64 * 16 * 64))
  }

  @Test func `narrower elements touch fewer lines, in proportion`() throws {
    let shape = DenseFFNShape(hidden: 256, intermediate: 1024)
    func weightLines(_ dtype: TableType) -> Int {
      let sink = Lines()
      DenseWorkload(shape: shape, dtype: dtype, tokenTile: 64, tokens: 64, threads: 1)
        .emit(to: AccessStream(sink: sink))
      return sink.lines.count
    }
    // All lines that a pass touches, each once: weights, biases, input, output, and scratch.
    let activations = 2 * 64 * 256 * 4 + 5 * 1024
    for (dtype, scratch) in [(TableType.bf16, 64 * 256 * 2 + 64 * 1024 * 2), (.int8, 64 * 256 + 64 * 1024 * 5)] {
      let bytes = 2 * 256 * 1024 * dtype.bytes + activations + scratch
      // Arrays need not begin or end at a line.
      #expect(abs(weightLines(dtype) - bytes / 64) <= 8)
    }
  }
}

/// The largest change of each output by rounding to `dtype`, from the layer and the input alone: every weight, input
/// and intermediate feature may be off by its own rounding bound, the steepest slope of GELU is 1.129, and errors add
/// up.
private func errorBound(_ parameters: DenseFFNParameters, _ x: [Float], _ dtype: TableType) -> [Double] {
  let (d, ff) = (parameters.shape.hidden, parameters.shape.intermediate)
  func roundings(_ values: [Double]) -> [Double] {
    let largest = values.map(abs).max() ?? 0
    // bf16: half a unit in the last place; int8: half a step of the row or token.
    return values.map { dtype == .bf16 ? abs($0) * 0x1p-8 : largest / 127 / 2 * (1 + 0x1p-16) }
  }
  func product(
    _ weight: [Float], _ bias: [Float], _ x: [Double], _ errors: [Double]
  ) -> (values: [Double], errors: [Double]) {
    let k = x.count
    var result: (values: [Double], errors: [Double]) = ([], [])
    for row in bias.indices {
      let w = weight[row * k..<(row + 1) * k].map(Double.init)
      let own = roundings(w)
      var sum = Double(bias[row])
      var error = 0.0
      for i in 0..<k {
        sum += w[i] * x[i]
        error += abs(w[i]) * errors[i] + own[i] * (abs(x[i]) + errors[i])
      }
      result.values.append(sum)
      result.errors.append(error)
    }
    return result
  }
  let input = x.map(Double.init)
  let hidden = product(parameters.weight1, parameters.bias1, input, roundings(input))
  let features = hidden.values.map { gelu($0) }
  let before = hidden.errors.map { 1.129 * $0 }
  // A feature that is off by e rounds within the bound of the largest value it may have.
  let largest = zip(features, before).map { abs($0) + $1 }
  let after = zip(before, roundings(largest)).map { $0 + $1 }
  precondition(features.count == ff && input.count == d)
  return product(parameters.weight2, parameters.bias2, features, after).errors
}

private final class Lines: AccessSink {
  private(set) var lines: Set<UInt64> = []

  func consume(_ accesses: UnsafeBufferPointer<Access>) {
    for access in accesses {
      for line in access.address / 64...(access.address + UInt64(access.bytes) - 1) / 64 { lines.insert(line) }
    }
  }

  func enter(phase: Int) {}
}
