import AccessStreams

/// A dense feed-forward pass for the cache model: states the accesses of the step list that a worker runs.
///
/// Unchecked: it is constant, and its pointers are the addresses of an `AddressMap`, behind which there is no memory.
struct DenseWorkload: Workload, @unchecked Sendable {
  let tokens: Int
  let threads: Int
  let phases: [PhaseWork]
  /// The steps of each core, their operands, and the panels that its library packs.
  private let cores: [Core]

  private struct Core {
    var steps: [DenseStep]
    var pass: DensePass
    var panels: PackedProduct.Panels
  }

  init(shape: DenseFFNShape, dtype: TableType = .fp32, tokenTile: Int, tokens: Int, threads: Int) {
    self.tokens = tokens
    self.threads = threads
    phases = shape.stages(dtype, tokens: tokens).map(\.work)

    let d = shape.hidden
    let ff = shape.intermediate
    let isFP32 = dtype == .fp32
    var map = AddressMap()
    func array(_ elements: Int, bytes: Int) -> UnsafeMutableRawPointer {
      UnsafeMutableRawPointer(map.operand(floats: (elements * bytes + 3) / 4))
    }
    let input = map.operand(floats: tokens * d)
    let output = map.operand(floats: tokens * d)
    let weight1 = array(d * ff, bytes: dtype.bytes)
    let weight2 = array(d * ff, bytes: dtype.bytes)
    // Both biases, one after the other.
    let biases = UnsafePointer(map.operand(floats: d + ff))
    let first = PackedProduct.packedFloats(n: ff, k: d)
    let second = PackedProduct.packedFloats(n: d, k: ff)
    cores = partition(tokens: tokens, workers: threads).map { share in
      let intermediate = array(tokenTile * ff, bytes: shape.products(dtype).first.resultBytes)
      let panels = PackedProduct.Panels(
        a: isFP32 ? map.place(floats: max(first.a, second.a)) : 0,
        b: isFP32 ? map.place(floats: max(first.b, second.b)) : 0,
        bytes: 4 * (max(first.a, second.a) + max(first.b, second.b)))
      // Placeholder for operands that the element type does not use.
      let tileInput = isFP32 ? intermediate : array(tokenTile * d, bytes: dtype.bytes)
      let quantised = dtype == .int8 ? array(tokenTile * ff, bytes: 1) : intermediate
      return Core(
        steps: DenseStep.steps(share, tile: tokenTile),
        pass: DensePass(
          shape, dtype,
          arrays: DenseArrays(
            input: UnsafePointer(input), output: output,
            matrix1: DenseArrays.Matrix(weights: UnsafeRawPointer(weight1), bias: biases),
            matrix2: DenseArrays.Matrix(weights: UnsafeRawPointer(weight2), bias: biases + ff), tileInput: tileInput,
            intermediate: intermediate, quantised: quantised)),
        panels: panels)
    }
  }

  func emit(to stream: AccessStream) {
    // Cores take turns step by step, all at the same stage.
    for index in 0..<(cores.map(\.steps.count).max() ?? 0) {
      let stage = denseStages[index % denseStages.count].name
      if let phase = phases.firstIndex(where: { $0.name == stage }) { stream.enter(phase: phase) }
      for (number, core) in cores.enumerated() where index < core.steps.count {
        stream.core = UInt16(number)
        core.steps[index].perform(of: core.pass, on: DenseKernelStream(stream: stream, panels: core.panels))
      }
    }
    stream.flush()
  }
}

extension DenseFFN {
  public func workload(input: UnsafePointer<Float>, tokens: Int, threads: Int) throws -> any Workload {
    DenseWorkload(shape: shape, dtype: dtype, tokenTile: tokenTile, tokens: tokens, threads: threads)
  }
}
