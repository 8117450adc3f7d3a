extension LookupFFN {
  /// A bit is decided by rounding where its hash score is this close to 0, relative to the token's largest:
  /// a few dozen units in the last place, the error of the longest sums involved.
  private static let ambiguity = 4e-6

  /// A token as the reference has it.
  struct ExpectedToken {
    /// What the kernel's own arithmetic should give: with a bf16 hash, that of the rounded one.
    var token: LookupFFNReference.Token
    /// Whether some bit of a code is decided by fp32 arithmetic.
    var isAmbiguous: Bool
    /// See `HashRounding.Token`; 0 in fp32.
    var wrongInputs: Int
  }

  /// The layer as the type of its hash rounds it.
  struct Reference {
    let definition: LookupFFNReference
    let rounding: HashRounding?

    /// What the definition gives, in fp32 arithmetic ambiguous where a bit hangs on rounding.
    func definition(_ x: UnsafeBufferPointer<Float>, rows: [Int32]? = nil) -> ExpectedToken {
      let token = definition.token(x, rows: rows)
      let largest = token.projection.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
      return ExpectedToken(
        token: token, isAmbiguous: token.projection.contains { abs($0) < LookupFFN.ambiguity * largest },
        wrongInputs: 0)
    }

    /// The same of what the kernel should give that multiplied `inputs`.
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

  /// The hash's codes, its scores and its bits' scores for the given tokens of a batch, by the same micro-kernels and schedule; and, where asked
  /// for, what the hash's products multiplied.
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
  /// Empty where they were not kept.
  func productInputs(ofToken token: Int, shape: LookupFFNShape) -> ArraySlice<Float> {
    productInputs.isEmpty ? [] : productInputs[token * shape.productInputs..<(token + 1) * shape.productInputs]
  }
}
