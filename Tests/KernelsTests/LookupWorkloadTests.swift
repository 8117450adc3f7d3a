import AccessStreams
import Testing

@testable import Kernels

/// Records the accesses that a stream states, in order.
private final class Recorder: AccessSink {
  private(set) var accesses: [(phase: Int, access: Access)] = []
  private var phase = 0

  func consume(_ accesses: UnsafeBufferPointer<Access>) {
    for access in accesses { self.accesses.append((phase, access)) }
  }

  func enter(phase: Int) {
    self.phase = phase
  }
}

@Suite struct LookupWorkloadTests {
  private func stream(_ team: WorkPartition, tokens: Int) throws -> (recorder: Recorder, phases: [PhaseWork]) {
    let shape = LookupFFNTests.bh4(hidden: 32, output: 96, tables: 4, rows: 8, block: 8)
    let layer = try LookupFFN(
      LookupFFNParameters.random(shape, seed: 2),
      strategy: LookupStrategy(tokenTile: 32, columnSlice: 16, tableGroup: 2),
      team: team)
    var random = RandomSource(seed: 3)
    let input = random.normals(tokens * 32)
    let recorder = Recorder()
    let stream = AccessStream(sink: recorder)
    let workload = try layer.workload(input: input, tokens: tokens, threads: team.workers)
    workload.emit(to: stream)
    stream.flush()
    return (recorder, workload.phases)
  }

  @Test(arguments: WorkPartition.Axis.allCases, [1, 2, 3])
  func `a stream reads as many row pieces as the kernel, whichever worker gathers them`(
    partition: WorkPartition.Axis, workers: Int
  ) throws {
    let (recorder, _) = try stream(WorkPartition(workers: workers, along: partition), tokens: 70)
    let bytes = recorder.accesses.filter { $0.access.kind == .gather }.reduce(0) { $0 + Int($1.access.bytes) }
    #expect(bytes == 70 * 4 * 96 * 4)
  }

  @Test func `in a divided team each core reads only its own columns of the tables`() throws {
    let (recorder, _) = try stream(WorkPartition(workers: 3, along: .tables), tokens: 70)
    let rows = recorder.accesses.map(\.access).filter { $0.kind == .gather }
    let ranges = (0..<3).map { core in
      let own = rows.filter { $0.core == core }.map(\.address)
      return (low: own.min() ?? 0, high: own.max() ?? 0)
    }
    #expect(ranges[0].high < ranges[1].low && ranges[1].high < ranges[2].low)
    // 32 columns of 4 tables x 8 rows each.
    #expect(ranges.allSatisfy { $0.high - $0.low < 32 * 4 * 8 * 4 })
  }

  @Test func `no core of a divided team gathers before all have hashed the tile`() throws {
    let (recorder, phases) = try stream(WorkPartition(workers: 2, along: .tables), tokens: 32)
    let gather = try #require(phases.firstIndex { $0.name == GatherStage.name })
    let lastHash = try #require(recorder.accesses.lastIndex { $0.phase != gather })
    let firstGather = try #require(recorder.accesses.firstIndex { $0.phase == gather })
    #expect(lastHash < firstGather)
  }
}
