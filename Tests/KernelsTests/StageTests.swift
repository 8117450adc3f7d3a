import AccessStreams
import CKernels
import Testing

@testable import Kernels

/// Records where the products and transforms of a hash read and write.
private final class HashCalls: MicroKernels {
  private(set) var inputs: [UInt64] = []
  private(set) var outputs: [UInt64] = []
  private(set) var scored: [UInt64] = []

  func blockProduct(_ call: lk_block_product) {
    inputs.append(address(call.x))
    outputs.append(address(call.y))
  }

  func blockProduct(_ call: lk_block_product_rows) {
    inputs.append(address(call.x))
    outputs.append(address(call.y))
  }

  func score(_ call: lk_score) { scored.append(address(call.y)) }

  func layerNorm(_ call: lk_layer_norm) {}
  func toLanes(_ call: lk_to_lanes) {}
  func blockProduct(_ call: lk_block_product_bf16) {}
  func blockProduct(_ call: lk_block_product_bf16_rows) {}
  func transform(_ call: lk_hadamard) {}
  func roundToBF16(_ call: lk_to_bf16) {}
  func multiply(_ product: DenseHashProduct) {}
  func multiply(_ product: RoundedHashProduct) {}
  func toLanes(_ product: RoundedHashProduct) {}
  func override(codes: UnsafeMutablePointer<Int32>, by rows: UnsafePointer<Int32>, count: Int) {}
  func gather(_ call: lk_gather, _ step: GatherStage.Step, type: TableType) {}
  func barrier() {}
}

/// Records the order in which a stream enters its phases.
private final class Phases: AccessSink {
  private(set) var entered: [Int] = []

  func consume(_ accesses: UnsafeBufferPointer<Access>) {}
  func enter(phase: Int) { entered.append(phase) }
}

@Suite struct StageTests {
  private static let shape = LookupFFNShape(
    hidden: 64, output: 40, tables: 8, tableRows: 16, hash: .bh4, blockSize: 16)

  private func task(_ tokens: Int = 64) -> LookupTask {
    LookupTask(shape: Self.shape, tableType: .fp32, isa: .scalar, team: WorkPartition(), tokens: tokens)
  }

  @Test func `a look-up's stages have one name in accounts, core work, steps and times`() throws {
    let names = ["layer norm", "projection", "code and score", "gather"]
    let stages = task().stages(LookupStrategy())
    #expect(stages.map(\.account.stage) == names)
    #expect(stages.map(\.work.name) == names)
    #expect(Self.shape.accounts(tables: .fp32).map(\.stage) == names)

    let layer = try LookupFFN(LookupFFNParameters.random(Self.shape, seed: 1))
    let worker = try LookupFFNWorker(kernel: layer, index: 0, tokens: 0..<64, memory: HeapMemory())
    #expect(worker.stages == names)
    #expect(Set(worker.steps.compactMap(\.stage)) == Set(names))
  }

  @Test func `a dense network's stages have one name in accounts, core work and steps`() {
    let shape = DenseFFNShape(hidden: 16, intermediate: 64)
    let names = ["first product", "bias and GELU", "second product"]
    let stages = shape.stages(.fp32, tokens: 40)
    #expect(stages.map(\.account.stage) == names)
    #expect(stages.map(\.work.name) == names)
    let steps = DenseStep.steps(0..<40, tile: 32)
    #expect(steps.map { $0.stage.name } == names + names)
    #expect(steps.map(\.tile) == [0..<32, 0..<32, 0..<32, 32..<40, 32..<40, 32..<40])
  }

  @Test func `each BH4 factor reads what the one before it wrote, and the score what the chain's last wrote`() throws {
    let layer = try LookupFFN(LookupFFNParameters.random(Self.shape, seed: 1))
    let worker = try LookupFFNWorker(kernel: layer, index: 0, tokens: 0..<64, memory: HeapMemory())
    var unused: Float = 0
    withUnsafeMutablePointer(to: &unused) { memory in
      let pass = worker.pass(UnsafePointer(memory), memory)
      let calls = HashCalls()
      for step in worker.steps {
        switch step {
        case .hash, .score: step.perform(of: pass, on: calls)
        default: break
        }
      }
      #expect(calls.inputs.count == LookupFFNShape.factors)
      #expect(Array(calls.inputs.dropFirst()) == Array(calls.outputs.dropLast()))
      #expect(Set(calls.inputs).count == 3, "lanes, and two that take turns")
      #expect(calls.scored.first == calls.outputs.last)
    }
  }

  @Test func `a stream enters the phase that has its stage's name`() throws {
    let layer = try LookupFFN(LookupFFNParameters.random(Self.shape, seed: 1))
    var random = RandomSource(seed: 2)
    let workload = try layer.workload(input: random.normals(16 * 64), tokens: 16, threads: 1)
    let sink = Phases()
    workload.emit(to: AccessStream(sink: sink))
    #expect(
      sink.entered.map { workload.phases[$0].name } == ["layer norm", "projection", "code and score", "gather"])
  }

  @Test(arguments: ISA.allCases)
  func `a path's block product fills half of its registers, as the header states them`(isa: ISA) {
    let registers = [ISA.avx512: 32, .avx2: 16, .neon: 32, .scalar: 16][isa] ?? 0
    let lanes = [ISA.avx512: 16, .avx2: 8, .neon: 4, .scalar: 4][isa] ?? 0
    #expect(isa.vectorLanes == lanes)
    #expect(isa.blockOutputs * isa.blockGroups * (laneGroup / lanes) == registers / 2)
    #expect(isa.gatherColumns == registers / 2 * lanes)
  }
}
