/// Intermediate results of a pass, for tests, verification and access streams; token-major.
public struct LookupIntermediates {
  /// [tokens, tables]
  public var codes: [Int32]
  public var scores: [Float]
  /// [tokens, projected]
  public var projection: [Float]
  /// The input of every product of a bf16 hash before it is rounded, [tokens, inputs of a token]: for BH4 [repeats,
  /// 4, paddedHidden], for a dense hash [hidden]. Empty unless it was requested.
  public var productInputs: [Float] = []
}

extension LookupFFNShape {
  /// Floats per token that are inputs of the hash's products.
  var productInputs: Int { hash == .bh4 ? repeats * LookupFFNShape.factors * paddedHidden : hidden }
}

extension LookupFFNWorker {
  /// Runs the pass and records its intermediate results; the inputs of the hash's products only on request.
  func record(
    tokens: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, productInputs: Bool = false
  ) -> LookupIntermediates {
    var pass = pass(input, output)
    let shape = pass.shape
    var record = LookupIntermediates(
      codes: [Int32](repeating: 0, count: tokens * shape.tables),
      scores: [Float](repeating: 0, count: tokens * shape.tables),
      projection: [Float](repeating: 0, count: tokens * shape.projected),
      productInputs: [Float](repeating: 0, count: productInputs ? tokens * shape.productInputs : 0))
    let z = UnsafeMutablePointer<Float>.allocate(capacity: shape.projected * laneGroup)
    defer { z.deallocate() }
    pass.arrays.hashScores = z
    for step in steps {
      if productInputs, case .hash(let step) = step { record.keepInputs(of: step, pass) }
      step.perform(of: pass, on: calls)
      if case .score(let step) = step { record.keepScores(of: step, pass, hashScores: z) }
    }
    return record
  }
}

extension LookupIntermediates {
  /// Copies the codes, scores and hash scores of a lane group, [projected][lane], after they have been computed.
  fileprivate mutating func keepScores(
    of step: ScoreStage.Step, _ pass: LookupPass, hashScores: UnsafePointer<Float>
  ) {
    let shape = pass.shape
    for (lane, token) in step.tokens.enumerated() {
      for table in 0..<shape.tables {
        codes[token * shape.tables + table] = pass.codes(slot: step.slot)[table * laneGroup + lane]
        scores[token * shape.tables + table] = pass.scores(slot: step.slot)[table * laneGroup + lane]
      }
      for column in 0..<shape.projected {
        projection[token * shape.projected + column] = hashScores[column * laneGroup + lane]
      }
    }
  }

  /// Copies the inputs of a step's product before it runs.
  fileprivate mutating func keepInputs(of step: HashStage.Step, _ pass: LookupPass) {
    let (shape, scratch) = (pass.shape, pass.scratch)
    switch step {
    case .factor(let tokens, let chain, let factor):
      let isRows = pass.schedule.hashesRows(tokens)
      let source =
        pass.arrays.scratch + (isRows ? scratch.rowSource(ofFactor: factor) : scratch.laneSource(ofFactor: factor))
      for (place, token) in tokens.enumerated() {
        let first = (token * shape.repeats + chain) * LookupFFNShape.factors + factor
        for feature in 0..<shape.paddedHidden {
          productInputs[first * shape.paddedHidden + feature] =
            isRows
            ? source[place * scratch.rowStride + feature]
            : source[place / laneGroup * scratch.laneStride + feature * laneGroup + place % laneGroup]
        }
      }
    case .product(let tokens):
      let rows = UnsafeBufferPointer(start: pass.arrays.scratch + scratch.rows, count: tokens.count * shape.hidden)
      productInputs.replaceSubrange(tokens.lowerBound * shape.hidden..<tokens.upperBound * shape.hidden, with: rows)
    }
  }
}
