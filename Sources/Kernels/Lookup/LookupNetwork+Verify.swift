extension LookupNetwork {
  public static func verify(_ request: VerificationRequest) throws -> Verification {
    let (file, tokens) = (request.file, request.tokens)
    let parameters = try LookupFFNParameters(file)
    let blas = parameters.shape.hash == .dense ? try BLAS.load(for: request.hashType.element) : nil
    let lookup = try request.naming {
      try LookupFFN(
        parameters, tableType: request.dtype, hashType: request.hashType, isa: request.isa, blas: blas)
    }
    let pass = try request.run(lookup)
    let tables = lookup.shape.tables
    let codes = try file.integers("expected.code", shape: [request.stored, tables])
    let isRounded = request.hashType != .fp32
    let actual = try lookup.intermediates(input: pass.input, tokens: Array(0..<tokens), productInputs: isRounded)
    let mismatches = zip(actual.codes, codes).filter { $0 != $1 }.count
    let reference = isRounded ? try lookup.reference() : nil
    var check = CheckAccumulator()
    if !isRounded { check.codeMismatches = mismatches }
    for token in 0..<tokens {
      // The layer's own codes are used, which are compared above; the file's codes may not even be valid rows.
      let own = token * tables..<(token + 1) * tables
      var shift = lookup.roundingShift(codes: actual.codes[own], scores: actual.scores[own].map(Double.init))
      if let reference {
        let x = pass.input[token * lookup.shape.hidden..<(token + 1) * lookup.shape.hidden]
        let (definition, rounded) = x.withUnsafeBufferPointer {
          (
            reference.definition($0),
            reference.token($0, inputs: actual.productInputs(ofToken: token, shape: lookup.shape))
          )
        }
        check.wrongInputs += rounded.wrongInputs
        if definition.isAmbiguous || rounded.isAmbiguous {
          check.ambiguousTokens += 1
          continue
        }
        // Rounding explains a code only if the stored code is the definition's and the layer's code is the rounded
        // hash's.
        check.codeMismatches +=
          own.indices.filter { index in
            let table = index - own.lowerBound
            return codes[index] != definition.token.codes[table] || actual.codes[index] != rounded.token.codes[table]
          }.count
        for column in shift.indices { shift[column] += rounded.token.output[column] - definition.token.output[column] }
      }
      check.tokens += 1
      for column in 0..<lookup.shape.output {
        let index = token * lookup.shape.output + column
        check.add(actual: pass.output[index], expected: Double(pass.expected[index]), shift: shift[column])
      }
    }
    let result = check.result
    return Verification(
      kernel: "\(name)-\(lookup.shape.hash.rawValue)", dtype: request.dtype.rawValue,
      projectionDtype: isRounded ? request.hashType.rawValue : nil, isa: request.isa.rawValue, tokens: tokens,
      maxAbsError: result.maxAbsoluteError, maxRelError: result.maxRelativeError, codeMismatches: mismatches,
      codeMismatchShare: isRounded ? Double(mismatches) / Double(tokens * tables) : nil,
      ambiguousTokens: isRounded ? result.ambiguousTokens : nil, passed: result.passed)
  }
}
