extension LookupFFN {
  /// Rounding decides a bit whose hash score is this close to 0, relative to the token's largest score: a few dozen
  /// units in the last place, the error of the longest sums involved.
  private static let ambiguity = 4e-6

  /// A token's results in the reference.
  struct ExpectedToken {
    /// The results that the kernel's arithmetic should give: with a bf16 hash, those of the rounded hash.
    var token: LookupFFNReference.Token
    /// Whether fp32 arithmetic decides some bit of a code.
    var isAmbiguous: Bool
    /// See `HashRounding.Token`; 0 in fp32.
    var wrongInputs: Int
  }

  /// The layer's definition, and its rounding by the type of the hash.
  struct Reference {
    let definition: LookupFFNReference
    let rounding: HashRounding?

    /// A token's results by the definition. The token is ambiguous where fp32 arithmetic decides a bit.
    func definition(_ x: UnsafeBufferPointer<Float>, rows: [Int32]? = nil) -> ExpectedToken {
      let token = definition.token(x, rows: rows)
      let largest = token.projection.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
      return ExpectedToken(
        token: token, isAmbiguous: token.projection.contains { abs($0) < LookupFFN.ambiguity * largest },
        wrongInputs: 0)
    }

    /// A token's results by the kernel's arithmetic, given the inputs of its products.
    func token(
      _ x: UnsafeBufferPointer<Float>, inputs: ArraySlice<Float>, rows: [Int32]? = nil
    ) -> ExpectedToken {
      guard let rounding else { return definition(x, rows: rows) }
      let rounded = rounding.token(x, inputs: inputs)
      return ExpectedToken(
        token: definition.token(projection: rounded.projection, rows: rows),
        isAmbiguous: zip(rounded.projection, rounded.bound).contains { $1.isFinite && abs($0) <= $1 },
        wrongInputs: rounded.wrongInputs)
    }
  }

  func reference() throws -> Reference {
    Reference(
      definition: LookupFFNReference(parameters),
      rounding: hashType == .bf16 ? try HashRounding(parameters) : nil)
  }

  public func check(input: UnsafePointer<Float>, output: UnsafePointer<Float>, tokens: [Int]) throws -> CheckResult {
    let actual = try intermediates(input: input, tokens: tokens, productInputs: hashType != .fp32)
    let reference = try reference()
    var check = CheckAccumulator()
    for (row, token) in tokens.enumerated() {
      let drawn = rowOverride?.rows(of: token)
      let expected = reference.token(
        UnsafeBufferPointer(start: input + token * shape.hidden, count: shape.hidden),
        inputs: actual.productInputs(ofToken: row, shape: shape), rows: drawn)
      check.wrongInputs += expected.wrongInputs
      if expected.isAmbiguous {
        check.ambiguousTokens += 1
        continue
      }
      check.tokens += 1
      for table in 0..<shape.tables where actual.codes[row * shape.tables + table] != expected.token.codes[table] {
        check.codeMismatches += 1
      }
      let shift = roundingShift(codes: (drawn ?? expected.token.codes)[...], scores: expected.token.scores)
      for column in 0..<shape.output {
        check.add(
          actual: output[token * shape.output + column], expected: expected.token.output[column],
          shift: shift[column])
      }
    }
    return check.result
  }

  /// Codes, scores and hash scores of the given tokens of a batch, computed by the same micro-kernels and schedule,
  /// and on request the inputs of the hash's products.
  public func intermediates(
    input: UnsafePointer<Float>, tokens: [Int], productInputs: Bool = false
  ) throws -> LookupIntermediates {
    let memory = HeapMemory()
    let rows = try memory.floats(tokens.count * shape.hidden, for: .input)
    for (row, token) in tokens.enumerated() {
      (rows.base + row * shape.hidden).update(from: input + token * shape.hidden, count: shape.hidden)
    }
    let output = try memory.floats(tokens.count * shape.output, for: .output)
    let worker = try LookupFFNWorker(kernel: self, index: 0, tokens: 0..<tokens.count, memory: memory, hashed: true)
    return worker.record(
      tokens: tokens.count, input: rows.base, output: output.base, productInputs: productInputs)
  }
}

extension LookupIntermediates {
  /// Empty where the inputs were not recorded.
  func productInputs(ofToken token: Int, shape: LookupFFNShape) -> ArraySlice<Float> {
    productInputs.isEmpty ? [] : productInputs[token * shape.productInputs..<(token + 1) * shape.productInputs]
  }
}
