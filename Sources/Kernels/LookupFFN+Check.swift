extension LookupFFN {
  /// A bit is decided by rounding where its projection is this close to 0, relative to the token's largest projection:
  /// a few dozen units in the last place, the error of the longest sums involved.
  private static let ambiguity = 4e-6

  public func check(input: UnsafePointer<Float>, output: UnsafePointer<Float>, tokens: [Int]) throws -> CheckResult {
    let actual = try intermediates(input: input, tokens: tokens)
    let reference = LookupFFNReference(parameters)
    var check = CheckAccumulator()
    for (row, token) in tokens.enumerated() {
      let drawn = drawnRows?.rows(of: token)
      let expected = reference.token(
        UnsafeBufferPointer(start: input + token * shape.hidden, count: shape.hidden), rows: drawn)
      let largest = expected.projection.reduce(0) { max($0, abs($1)) }
      if expected.projection.contains(where: { abs($0) < LookupFFN.ambiguity * largest }) {
        check.ambiguousTokens += 1
        continue
      }
      check.tokens += 1
      for table in 0..<shape.tables where actual.codes[row * shape.tables + table] != expected.codes[table] {
        check.codeMismatches += 1
      }
      let shift = roundingShift(codes: (drawn ?? expected.codes)[...], scores: expected.scores)
      for column in 0..<shape.output {
        check.add(
          actual: output[token * shape.output + column], expected: expected.output[column],
          shift: shift[column])
      }
    }
    return check.result
  }

  /// The hash's codes, scores and projections of the given tokens of a batch, by the same micro-kernels and schedule.
  public func intermediates(input: UnsafePointer<Float>, tokens: [Int]) throws -> LookupIntermediates {
    let memory = HeapMemory()
    let rows = try memory.floats(tokens.count * shape.hidden, for: .input)
    for (row, token) in tokens.enumerated() {
      (rows.base + row * shape.hidden).update(from: input + token * shape.hidden, count: shape.hidden)
    }
    let output = try memory.floats(tokens.count * shape.output, for: .output)
    let worker = try LookupFFNWorker(kernel: self, index: 0, tokens: 0..<tokens.count, memory: memory, hashed: true)
    return worker.record(tokens: tokens.count, input: rows.base, output: output.base)
  }
}
