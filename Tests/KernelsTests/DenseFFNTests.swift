import Kernels
import TestSupport
import Testing

@Suite(.machine) struct DenseFFNTests {
  @Test(arguments: [(1, 1, 1), (5, 3, 40), (96, 200, 37), (128, 512, 130)], ISA.supported)
  func `the output equals the reference for any shape`(dimensions: (Int, Int, Int), isa: ISA) throws {
    let (hidden, intermediate, tokens) = dimensions
    let parameters = DenseFFNParameters.random(DenseFFNShape(hidden: hidden, intermediate: intermediate), seed: 5)
    let layer = try DenseFFN(parameters, isa: isa, blas: BLAS.load(), tokenTile: 48)
    var random = RandomSource(seed: 6)
    // Wide enough to reach both tails of the error function.
    let input = random.normals(tokens * hidden, deviation: 4)
    var output = [Float](repeating: .nan, count: tokens * hidden)
    for (index, share) in partition(tokens: tokens, workers: 2).enumerated() {
      try layer.worker(index: index, tokens: share, memory: HeapMemory()).run(input: input, output: &output)
    }
    let result = try layer.check(input: input, output: output, tokens: Array(0..<tokens))
    #expect(result.passed, "\(result)")
  }

  @Test func `a library path that does not exist is refused with what to install`() {
    let message = errorMessage { _ = try BLAS.load(path: "/nonexistent/libblas.so") }
    #expect(message.hasPrefix("/nonexistent/libblas.so: expected a BLAS library with cblas_sgemm"))
  }
}
