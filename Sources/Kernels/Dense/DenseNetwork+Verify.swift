import Support

extension DenseNetwork {
  public static func verify(_ request: VerificationRequest) throws -> Verification {
    let dtype = request.dtype
    let parameters = try DenseFFNParameters(request.file)
    let kernel = try request.naming {
      try DenseFFN(parameters, dtype: dtype, isa: request.isa, blas: try BLAS.load(for: dtype))
    }
    var rounded: (UnsafeBufferPointer<Float>) -> DenseFFNRounding.Output? = { _ in nil }
    if dtype != .fp32 {
      let rounding = try DenseFFNRounding(parameters, type: dtype)
      let reference = DenseFFNReference(parameters)
      rounded = { rounding.token($0, definition: reference.token($0)) }
    }
    let pass = try request.run(kernel)
    let width = kernel.outputWidth
    var check = CheckAccumulator()
    pass.input.withUnsafeBufferPointer { input in
      pass.output.withUnsafeBufferPointer { output in
        for token in 0..<request.tokens {
          let row = token * width..<(token + 1) * width
          check.tokens += 1
          check.add(
            output: UnsafeBufferPointer(rebasing: output[row]), expected: pass.expected[row].map(Double.init),
            rounded: rounded(UnsafeBufferPointer(rebasing: input[row])))
        }
      }
    }
    let result = check.result
    return Verification(
      kernel: name, dtype: dtype.rawValue, projectionDtype: nil, isa: request.isa.rawValue, tokens: request.tokens,
      maxAbsError: result.maxAbsoluteError, maxRelError: result.maxRelativeError, codeMismatches: 0,
      codeMismatchShare: nil, ambiguousTokens: nil, passed: result.passed)
  }
}
