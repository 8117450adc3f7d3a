import AccessStreams
import CKernels
import Projection
import Testing

@testable import Kernels

/// The hash in bf16.
@Suite struct HashTypeTests {
  // MARK: - The layer

  private static let cases = LookupFFNTests.edges + LookupFFNTests.random

  @Test(arguments: cases, ISA.supported)
  func `every code and output is that of the rounded projection, for any shape, strategy and partition`(
    testCase: LookupFFNTests.Case, isa: ISA
  ) throws {
    let (pass, _) = try pass(testCase, isa: isa)
    let result = try pass.check()
    // One token may be one whose bit fp32 arithmetic decides.
    #expect(result.passed || (result.tokens == 0 && result.wrongInputs == 0), "\(result)")
    #expect(result.ambiguousTokens <= max(1, testCase.tokens / 4))
  }

  @Test(arguments: LookupFFNTests.edges.filter { $0.shape.hash == .bh4 && $0.shape.hidden > 1 })
  func `rounding changes the projection, and by about as much as eight roundings to bf16 should`(
    testCase: LookupFFNTests.Case
  ) throws {
    let (rounded, parameters) = try pass(testCase, isa: .best)
    let wide = try LookupFFN(parameters).intermediates(input: rounded.input, tokens: Array(0..<testCase.tokens))
    let narrow = try rounded.layer.intermediates(input: rounded.input, tokens: Array(0..<testCase.tokens))
    let difference = zip(wide.projection, narrow.projection).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    let size = wide.projection.reduce(0.0) { $0 + Double($1 * $1) }
    let relative = (difference / size).squareRoot()
    // A rounding is uniform within 2^-9 of a number at most: 2^-9 / sqrt 3 each, of weights and inputs of four factors.
    #expect(relative > 1e-4 && relative < 0x1p-9 * (8.0 / 3).squareRoot() * 2, "\(relative)")
  }

  @Test(arguments: 0..<8)
  func `a wrong weight is caught in every factor of every chain`(factor: Int) throws {
    // Two chains, with few tokens on rows and more on lanes.
    let shape = LookupFFNTests.bh4(hidden: 64, output: 40, tables: 32, rows: 16, block: 16)
    #expect(shape.repeats == 2)
    for tokens in [5, 40] {
      let layer = try LookupFFN(LookupFFNParameters.random(shape, seed: 1), hashType: .bf16)
      #expect(try Pass(layer, tokens: tokens).check().passed)
      // Changes the sign of one weight among 1,024 that is not one of the smallest.
      let weights = layer.hashWeight.halves + factor * shape.paddedHidden * shape.inputPairs * 2
      let place = (0..<64).max { weights[$0] & 0x7FFF < weights[$1] & 0x7FFF } ?? 0
      weights[place] ^= 0x8000
      let wrong = try Pass(layer, tokens: tokens).check()
      #expect(!wrong.passed)
      // Rounded to the other neighbour.
      weights[place] ^= 0x8001
      #expect(try !Pass(layer, tokens: 40).check().passed)
    }
  }

  @Test(arguments: [LookupFFNShape.Hash.bh4, .dense])
  func `a wrong bias, and an output of another layer, are caught`(projection: LookupFFNShape.Hash) throws {
    let shape = LookupFFNShape(
      hidden: 64, output: 40, tables: 9, tableRows: 16, hash: projection, blockSize: 16)
    let parameters = try LookupFFNParameters.random(shape, seed: 1)
    let blas = BLAS(PlainProducts(), path: "plain")
    let layer = try LookupFFN(parameters, hashType: .bf16, blas: blas)
    #expect(try Pass(layer, tokens: 40).check().passed)
    layer.hashBias.base[3] += 1e-3
    #expect(try !Pass(layer, tokens: 40).check().passed)
    // The output of an fp32 hash is not that of a bf16 hash.
    let other = try LookupFFN(parameters, hashType: .bf16, blas: blas)
    var pass = try Pass(other, tokens: 40)
    #expect(try pass.check().passed)
    pass.output = try Pass(LookupFFN(parameters, blas: blas), tokens: 40).output
    #expect(try !pass.check().passed)
  }

  @Test func `an input of a product that fp32 arithmetic cannot give is found`() throws {
    let shape = LookupFFNTests.bh4(hidden: 60, output: 8, tables: 8, rows: 16, block: 16)
    let parameters = try LookupFFNParameters.random(shape, seed: 2)
    let layer = try LookupFFN(parameters, hashType: .bf16)
    let pass = try Pass(layer, tokens: 1)
    let rounding = try HashRounding(parameters)
    let inputs = try layer.intermediates(input: pass.input, tokens: [0], productInputs: true).productInputs
    func wrongInputs(_ inputs: [Float]) -> Int {
      pass.input.withUnsafeBufferPointer { rounding.token($0, inputs: inputs[...]).wrongInputs }
    }
    #expect(inputs.count == 4 * 64)
    #expect(wrongInputs(inputs) == 0)
    for factor in 0..<4 {
      var wrong = inputs
      // Moves the largest of a factor's inputs by one part in 10,000, a fortieth of a unit of bf16.
      let place = (factor * 64..<factor * 64 + 60).max { abs(inputs[$0]) < abs(inputs[$1]) } ?? 0
      wrong[place] *= 1.0001
      #expect(wrongInputs(wrong) >= 1, "factor \(factor)")
    }
  }

  @Test func `a token's results do not depend on the other tokens of its batch`() throws {
    let shape = LookupFFNTests.bh4(hidden: 100, output: 40, tables: 20, rows: 64, block: 16)
    for isa in ISA.supported {
      let layer = try LookupFFN(LookupFFNParameters.random(shape, seed: 4), hashType: .bf16, isa: isa)
      let pass = try Pass(layer, tokens: 70)
      let all = try layer.intermediates(input: pass.input, tokens: Array(0..<70))
      for token in [0, 15, 69] {
        let alone = try layer.intermediates(input: pass.input, tokens: [token])
        #expect(alone.codes == Array(all.codes[token * 20..<(token + 1) * 20]))
        let width = shape.projected
        #expect(alone.projection == Array(all.projection[token * width..<(token + 1) * width]))
      }
    }
  }

  @Test func `weights that bf16 cannot hold are refused`() throws {
    let shape = LookupFFNTests.bh4(hidden: 8, output: 5, tables: 2, rows: 4, block: 4)
    var parameters = try LookupFFNParameters.random(shape, seed: 1)
    parameters.hashWeight[3] = .infinity
    #expect(
      errorMessage { _ = try LookupFFN(parameters, hashType: .bf16) }.hasPrefix(
        "hash.projection.weight: expected finite values that bf16 can hold"))
  }

  // MARK: - Accounting and access stream

  @Test(arguments: [LookupFFNShape.Hash.bh4, .dense])
  func `accounting and access stream count weights of two bytes, and the model bf16 multiply-adds`(
    projection: LookupFFNShape.Hash
  ) throws {
    let shape = LookupFFNShape(
      hidden: 48, output: 50, tables: 6, tableRows: 8, hash: projection, blockSize: 16)
    let parameters = try LookupFFNParameters.random(shape, seed: 1)
    let blas = BLAS(PlainProducts(), path: "plain")
    let layers = try HashType.allCases.map { try LookupFFN(parameters, hashType: $0, blas: blas) }
    let weights = layers.map { $0.accounts[1].weightBytes - Double(4 * shape.projected) }
    #expect(weights[0] == Double(4 * parameters.hashWeight.count))
    #expect(weights[1] == weights[0] / 2)
    #expect(layers[0].accounts.map(\.flops) == layers[1].accounts.map(\.flops))

    let input = Pass.input(layers[0], tokens: 40)
    let phases = try layers.map { try $0.workload(input: input, tokens: 40, threads: 1).phases }
    #expect(phases[0].map(\.operands) == [.fp32, .fp32, .fp32, .fp32])
    #expect(phases[1].map(\.operands) == [.fp32, .bf16, .fp32, .fp32])
    // Our own products use vector instructions; a library may use others.
    #expect(phases[1][1].usesVectorsOnly == (projection == .bh4))
    #expect(phases[0][1].multiplyAdds == phases[1][1].multiplyAdds)
    if projection == .bh4 {
      let lines = try layers.map { layer in
        let sink = ReadLines()
        try layer.workload(input: input, tokens: 5, threads: 1).emit(to: AccessStream(sink: sink))
        return sink
      }
      // For so few tokens, and at this width, nothing else is read in blocks of this size; fp32 weights are stated
      // vector by vector.
      #expect(lines[0].blocks(of: 16 * 16 * 2) == 0)
      #expect(lines[1].blocks(of: 16 * 16 * 2) == 4 * 4)
    }
  }

  // MARK: - Helpers

  private func pass(_ testCase: LookupFFNTests.Case, isa: ISA) throws -> (Pass, LookupFFNParameters) {
    let parameters = try LookupFFNParameters.random(testCase.shape, seed: 7)
    let layer = try LookupFFN(
      parameters, hashType: .bf16, strategy: testCase.strategy, team: testCase.team, isa: isa,
      blas: BLAS(PlainProducts(), path: "plain"))
    return (try Pass(layer, tokens: testCase.tokens, workers: testCase.team.workers), parameters)
  }
}

/// A layer's run on random tokens.
private struct Pass {
  let layer: LookupFFN
  let tokens: Int
  let input: [Float]
  var output: [Float]

  init(_ layer: LookupFFN, tokens: Int, workers: Int = 1) throws {
    self.layer = layer
    self.tokens = tokens
    let input = Pass.input(layer, tokens: tokens)
    self.input = input
    var output = [Float](repeating: .nan, count: tokens * layer.outputWidth)
    let team = Team(workers)
    let members = try layer.workers(workers, tokens: tokens, memory: HeapMemory(), barrier: team.barrier)
    output.withUnsafeMutableBufferPointer { output in
      input.withUnsafeBufferPointer { input in
        guard let from = input.baseAddress, let to = output.baseAddress else { return }
        team.run { members[$0].run(input: from, output: to) }
      }
    }
    self.output = output
  }

  static func input(_ layer: LookupFFN, tokens: Int) -> [Float] {
    var random = RandomSource(seed: 11)
    return random.normals(tokens * layer.inputWidth)
  }

  func check() throws -> CheckResult {
    try layer.check(input: input, output: output, tokens: Array(0..<tokens))
  }
}

/// A library of plain loops with every product: few machines have one that multiplies in bf16.
private struct PlainProducts: ProductBackend {
  let name: String? = "plain"
  let version: String? = nil
  let coreType: String? = nil

  func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, bTransposed b: UnsafePointer<Float>, bStride: Int,
    beta: Float, c: UnsafeMutablePointer<Float>, cStride: Int
  ) {
    for row in 0..<m {
      for column in 0..<n {
        var sum: Float = 0
        for i in 0..<k { sum += a[row * aStride + i] * b[column * bStride + i] }
        c[row * cStride + column] = beta * c[row * cStride + column] + sum
      }
    }
  }

  func prepare(
    _ product: LayerProduct, weights: ProductWeights, kernels: lk_kernels, memory: any MemorySource
  ) throws -> any PreparedProduct {
    guard product.dtype == .bf16, product.finish == .none, !product.roundsResult else {
      throw UnsupportedProduct("a hash projection in bf16 is all that it is for")
    }
    let values = weights.values.assumingMemoryBound(to: UInt16.self)
    return CBLASProduct(product, bias: nil, kernels: kernels) { rows, a, _, c in
      let (x, y) = (a.assumingMemoryBound(to: UInt16.self), c.assumingMemoryBound(to: Float.self))
      for row in 0..<rows {
        for column in 0..<product.n {
          var sum: Float = 0
          for i in 0..<product.k {
            sum += float(bf16: x[row * product.k + i]) * float(bf16: values[column * product.k + i])
          }
          y[row * product.n + column] = sum
        }
      }
    }
  }
}

/// Counts reads by their length.
private final class ReadLines: AccessSink {
  private var lengths: [Int: Int] = [:]

  func blocks(of bytes: Int) -> Int { lengths[bytes] ?? 0 }

  func consume(_ accesses: UnsafeBufferPointer<Access>) {
    for access in accesses where access.kind == .read { lengths[Int(access.bytes), default: 0] += 1 }
  }

  func enter(phase: Int) {}
}
