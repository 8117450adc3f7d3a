import CKernels

/// One thread's pass through a LookupFFN layer: the interpreter that runs a step list.
final class LookupFFNWorker: StagedWorker {
  let stages = LookupFFNShape.stageNames
  let steps: [LookupStep]
  let calls: MicroKernelCalls
  /// Between passes its input and output pointers are invalid.
  private let pass: LookupPass
  /// Owns the memory that the pass points into.
  private let kernel: LookupFFN
  private let buffers: [FloatBuffer]
  private let rowOverride: RowOverride?

  /// A worker that performs `steps`, and so gathers the rows of `tokens` tokens. `codes` is laid out for its tokens;
  /// `barrier` is called at barrier steps. With `hashed` it gathers by the hash's own codes, even where rows override
  /// them.
  init(
    kernel: LookupFFN, index: Int, tokens: Int, steps: [LookupStep], codes: FloatBuffer, codeLayout: LookupCodes,
    memory: any MemorySource, hashed: Bool = false, barrier: @escaping () -> Void = {}
  ) throws {
    self.kernel = kernel
    self.steps = steps
    rowOverride = hashed ? nil : kernel.rowOverride
    var products: [Int: any ProductCall] = [:]
    if let product = kernel.hashProduct {
      for case .hash(.product(let tokens)) in steps where products[tokens.count] == nil {
        products[tokens.count] = try product.call(rows: tokens.count, memory: memory, role: .scratch(worker: index))
      }
    }
    calls = MicroKernelCalls(kernels: kernel.kernels, blas: kernel.blas, products: products, waitForTeam: barrier)
    let layout = LookupScratch(kernel.schedule, hash: kernel.hashType, tokens: tokens)
    let scratch = try memory.floats(layout.count, for: .scratch(worker: index))
    let tables = kernel.tables(ofCopy: memory.tableCopy(ofWorker: index))
    buffers = [scratch, codes]
    pass = LookupPass(
      kernel, schedule: kernel.schedule, gatheredTokens: tokens, scratch: layout, codes: codeLayout,
      arrays: LookupArrays(
        input: UnsafePointer(scratch.base), output: scratch.base, normScale: UnsafePointer(kernel.normScale.base),
        normShift: UnsafePointer(kernel.normShift.base), hashWeights: UnsafePointer(kernel.hashWeight.base),
        hashBias: UnsafePointer(kernel.hashBias.base), tables: UnsafeRawPointer(tables.address(element: 0)),
        scales: tables.scales(row: 0).map { UnsafePointer($0) }, outputBias: UnsafePointer(kernel.bias.base),
        scratch: scratch.base, codes: codes.base, rowOverride: rowOverride?.group(at: 0)))

    // The padding of rows, which only BH4 has, is written once, here.
    let hidden = kernel.shape.hidden
    if layout.rowStride > hidden {
      for row in 0..<laneGroup {
        let padding = scratch.base + layout.rows + row * layout.rowStride + hidden
        padding.update(repeating: 0, count: layout.rowStride - hidden)
      }
    }
  }

  /// A worker that computes `tokens` alone.
  convenience init(
    kernel: LookupFFN, index: Int, tokens: Range<Int>, memory: any MemorySource, hashed: Bool = false
  ) throws {
    let codeLayout = LookupCodes(kernel.schedule, tokens: tokens.count)
    try self.init(
      kernel: kernel, index: index, tokens: tokens.count, steps: kernel.schedule.steps(tokens: tokens),
      codes: memory.floats(codeLayout.count, for: .scratch(worker: index)), codeLayout: codeLayout, memory: memory,
      hashed: hashed)
  }

  /// The worker's pass over a batch.
  func pass(_ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) -> LookupPass {
    var pass = pass
    pass.arrays.input = input
    pass.arrays.output = output
    return pass
  }

  func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    let pass = pass(input, output)
    for step in steps { step.perform(of: pass, on: calls) }
  }

  func run(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, clock: () -> UInt64,
    nanoseconds: UnsafeMutablePointer<UInt64>
  ) {
    let pass = pass(input, output)
    var start = clock()
    for index in steps.indices {
      steps[index].perform(of: pass, on: calls)
      // Hundreds of steps of one stage follow each other, so the clock is read only between stages. Waiting at a
      // barrier belongs to no stage.
      let stage = steps[index].stage
      guard index + 1 == steps.count || steps[index + 1].stage != stage else { continue }
      let end = clock()
      if let place = stages.firstIndex(where: { $0 == stage }) { nanoseconds[place] += end - start }
      start = end
    }
  }
}
