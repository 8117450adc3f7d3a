import AccessStreams
import CKernels

/// A LookupFFN pass for the cache model: states the accesses of the step list that a worker runs, with the codes of
/// real tokens.
///
/// Granularity: cache lines in the order in which a step's micro-kernel accesses them (`MicroKernelStream`), and row
/// pieces of the gather in the order in which they are loaded. Lines that a micro-kernel re-reads from the
/// first-level cache within a step are counted in `PhaseWork.loadBytes` instead.
///
/// Unchecked: it is constant, and its pointers are the addresses of an `AddressMap`, behind which there is no memory.
package struct LookupWorkload: Workload, @unchecked Sendable {
  package let tokens: Int
  package let threads: Int
  package let phases: [PhaseWork]
  /// The steps of each core, their operands, and the panels that its library packs.
  private let cores: [Core]
  private let codes: GatheredCodes
  private let isa: ISA

  private struct Core {
    var steps: [LookupStep]
    var pass: LookupPass
    var panels: PackedProduct.Panels
  }

  /// `codes` are the rows that are gathered, [tokens, tables].
  init(kernel: LookupFFN, codes: [Int32], tokens: Int, threads: Int) {
    let shape = kernel.shape
    self.tokens = tokens
    self.threads = threads
    self.codes = GatheredCodes(rows: codes, tables: shape.tables)
    isa = kernel.isa
    // The team has `threads` workers; the kernel's tables may be packed for another number.
    let schedule = LookupSchedule(
      shape: shape, strategy: kernel.strategy, team: WorkPartition(workers: threads, along: kernel.team.axis))
    phases = LookupTask(
      shape: shape, tableType: kernel.tableType, hashType: kernel.hashType, isa: kernel.isa,
      team: schedule.team, tokens: tokens
    ).phases(kernel.strategy)
    cores = Self.place(kernel, schedule, tokens: tokens)
  }

  /// Lays out the arrays of a pass of `tokens` tokens.
  private static func place(_ kernel: LookupFFN, _ schedule: LookupSchedule, tokens: Int) -> [Core] {
    let shape = kernel.shape
    let threads = schedule.team.workers
    let gathered = (0..<threads).map { schedule.gatheredTokens(ofWorker: $0, tokens: tokens) }
    let layout = LookupScratch(schedule, hash: kernel.hashType, tokens: gathered.max() ?? 0)
    let codeLayout = LookupCodes(schedule, tokens: tokens)

    var map = AddressMap()
    let input = map.operand(floats: tokens * shape.hidden)
    let output = map.operand(floats: tokens * shape.output)
    let rows = shape.tables * shape.tableRows
    let tables = map.operand(floats: (rows * shape.output * kernel.tableType.bytes + 3) / 4)
    let scales = kernel.tableType.scaleBytes > 0 ? map.operand(floats: rows) : nil
    let weights = map.operand(floats: kernel.hashWeight.count)
    // Scale, shift, hash bias and output bias, one after another.
    let vectors = UnsafePointer(map.operand(floats: 2 * shape.hidden + shape.projected + shape.output))
    // The library's packed panels lie behind a core's own scratch.
    let packed = PackedProduct.packedFloats(n: schedule.hashTile, k: shape.hidden)
    let scratch = (0..<threads).map { _ in map.operand(floats: layout.count + packed.a + packed.b) }
    let codes: [UnsafeMutablePointer<Float>]
    switch schedule.team.axis {
    case .tokens: codes = (0..<threads).map { _ in map.operand(floats: codeLayout.count) }
    case .tables: codes = Array(repeating: map.operand(floats: codeLayout.count), count: threads)
    }
    let groups = (tokens + laneGroup - 1) / laneGroup
    let override = kernel.rowOverride.map { _ in
      UnsafeRawPointer(map.operand(floats: groups * codeLayout.stride)).assumingMemoryBound(to: Int32.self)
    }
    return (0..<threads).map { core in
      Core(
        steps: schedule.steps(worker: core, tokens: tokens),
        pass: LookupPass(
          kernel, schedule: schedule, gatheredTokens: gathered[core], scratch: layout, codes: codeLayout,
          arrays: LookupArrays(
            input: UnsafePointer(input), output: output, normScale: vectors, normShift: vectors + shape.hidden,
            hashWeights: UnsafePointer(weights), hashBias: vectors + 2 * shape.hidden, tables: UnsafeRawPointer(tables),
            scales: scales.map { UnsafePointer($0) }, outputBias: vectors + 2 * shape.hidden + shape.projected,
            scratch: scratch[core], codes: codes[core], rowOverride: override)),
        panels: PackedProduct.Panels(
          a: address(scratch[core] + layout.count), b: address(scratch[core] + layout.count + packed.a),
          bytes: 4 * (packed.a + packed.b)))
    }
  }

  /// The address range of the panels that a core's library packs for a dense hash.
  package func packedPanels(core: Int) -> Range<UInt64> {
    let panels = cores[core].panels
    return panels.a..<panels.a + UInt64(panels.bytes)
  }

  package func emit(to stream: AccessStream) {
    var stage: String?
    // Cores take turns step by step, which is the closest to simultaneous execution that steps allow and the same on
    // every run. No core passes a barrier before all have reached it.
    var next = [Int](repeating: 0, count: threads)
    while cores.indices.contains(where: { next[$0] < cores[$0].steps.count }) {
      let waiting = cores.indices.allSatisfy {
        next[$0] == cores[$0].steps.count || cores[$0].steps[next[$0]] == .barrier
      }
      for (index, core) in cores.enumerated() where next[index] < core.steps.count {
        let step = core.steps[next[index]]
        if step == .barrier {
          if waiting { next[index] += 1 }
          continue
        }
        if let own = step.stage, own != stage, let phase = phases.firstIndex(where: { $0.name == own }) {
          stream.enter(phase: phase)
          stage = own
        }
        stream.core = UInt16(index)
        step.perform(
          of: core.pass, on: MicroKernelStream(isa: isa, stream: stream, codes: codes, panels: core.panels))
        next[index] += 1
      }
    }
    stream.flush()
  }
}

extension LookupFFN {
  public func workload(input: UnsafePointer<Float>, tokens: Int, threads: Int) throws -> any Workload {
    let codes = try gatheredRows(input: input, tokens: tokens)
    return LookupWorkload(kernel: self, codes: codes, tokens: tokens, threads: threads)
  }
}
