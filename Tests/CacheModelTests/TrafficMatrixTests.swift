import Testing

@testable import AccessStreams
@testable import Machines
@testable import Projection
@testable import Simulation

/// Traffic between nodes, in cases worked out by hand.
@Suite struct TrafficMatrixTests {
  private func matrix(_ threads: [Int], _ placement: DataPlacement, shared: Double = 0) -> TrafficMatrix {
    TrafficMatrix(threads: threads, placement: placement, sharedShare: shared)
  }

  // MARK: - Shares

  @Test func `two nodes, all remote: every line passes a link, each memory serves the other's threads`() {
    let two = matrix([4, 4], .remote)
    #expect(two.shares == [[0, 0.5], [0.5, 0]])
    #expect(two.remoteShare == 1)
    #expect(two.nodeShares == [0.5, 0.5])
    // Reads of node 0 come over one direction, those of node 1 over the other.
    #expect(two.busiestLinkShare(readRatio: 1) == 0.5)
    #expect(two.busiestLinkShare(readRatio: 0.5) == 0.5)
    let one = matrix([4, 0], .remote)
    #expect(one.nodeShares == [0, 1])
    #expect(one.busiestLinkShare(readRatio: 1) == 1)
    // Writes use the other direction: with three reads in four, the direction of the reads carries three quarters.
    #expect(one.busiestLinkShare(readRatio: 0.75) == 0.75)
  }

  @Test func `interleaved pages are remote for half of the traffic of two nodes, for three quarters of four`() {
    let two = matrix([4, 4], .interleave)
    #expect(two.shares == [[0.25, 0.25], [0.25, 0.25]])
    #expect(two.remoteShare == 0.5)
    #expect(two.busiestLinkShare(readRatio: 1) == 0.25)
    let one = matrix([4, 0], .interleave)
    #expect(one.shares == [[0.5, 0.5], [0, 0]])
    #expect(one.remoteShare == 0.5)
    #expect(matrix([1, 1, 1, 1], .interleave).remoteShare == 0.75)
  }

  @Test func `a node that holds all data carries all traffic`() {
    let bound = matrix([6, 2], .node(1))
    #expect(bound.shares == [[0, 0.75], [0, 0.25]])
    #expect(bound.nodeShares == [0, 1])
    #expect(bound.remoteShare == 0.75)
  }

  @Test func `own parts are local; what all threads read lies where its parts lie, unless it is replicated`() {
    #expect(matrix([4, 4], .local).remoteShare == 0)
    // Tables: half of them lie on each node, and all threads read them.
    #expect(matrix([4, 4], .local, shared: 1).shares == [[0.25, 0.25], [0.25, 0.25]])
    #expect(matrix([3, 1], .local, shared: 1).shares == [[0.5625, 0.1875], [0.1875, 0.0625]])
    #expect(matrix([4, 4], .local, shared: 0.5).remoteShare == 0.25)
    #expect(matrix([4, 4], .replicated, shared: 1) == matrix([4, 4], .local))
    #expect(matrix([4, 0], .local, shared: 1).remoteShare == 0)
    // Every part is away from its thread, and so lies with the other node's thread.
    #expect(matrix([4, 4], .remote, shared: 1).remoteShare == 0.5)
  }

  // MARK: - Times

  /// One phase of reads from memory that only memory and link limit: 40 GB/s per node, 10 per direction of the link.
  private func phase(_ matrix: TrafficMatrix, link: Double = 10) throws -> PhaseTime {
    let curve = LoadedLatencyCurve(
      readRatio: 1,
      points: [.init(gigabytesPerSecond: 0, nanoseconds: 100), .init(gigabytesPerSecond: 40, nanoseconds: 100)])
    let machine = Machine(
      name: "two", cores: 8, frequencyGHz: 2, simd: VectorUnits(isa: "avx2", widthBits: 256, fmaUnits: 2),
      caches: [CacheDescription(name: "L1", sizeBytes: 4096, ways: 4, latencyCycles: 4, bytesPerCycle: 64)],
      transfersOverlap: true,
      memory: [
        MemoryDescription(
          name: "dram", peakGigabytesPerSecond: 50, idleLatencyNanoseconds: 100, curve: [curve],
          linesInFlightPerCore: 64)
      ],
      numa: NUMADescription(nodes: 2, remoteLatencyNanoseconds: 200, linkGigabytesPerSecond: link))
    let counts = PhaseCounts(
      levels: [LevelCounts()], memory: MemoryCounts(reads: 1_000_000), gatherSources: [0, 0])
    return PhaseModel(
      PhaseWork(name: "stream"), counts, threads: 8, inputs: try ProjectionInputs(machine, memoryName: nil),
      matrix: matrix
    ).solve()
  }

  /// 64 MB of reads.
  private let bytes = 64e6

  @Test func `local traffic of two nodes has two memories`() throws {
    let one = try phase(matrix([8, 0], .local))
    #expect(one.limiter == .memory)
    #expect(abs(one.seconds - bytes / 40e9) < 1e-12)
    let two = try phase(matrix([4, 4], .replicated, shared: 1))
    #expect(two.limiter == .memory)
    #expect(abs(two.seconds - bytes / 80e9) < 1e-12)
    #expect(abs(two.memoryGigabytesPerSecond - 80) < 1e-6)
  }

  @Test func `remote traffic of one node is bound by one direction of the link, of two nodes by both`() throws {
    let one = try phase(matrix([8, 0], .remote))
    #expect(one.limiter == .link)
    #expect(abs(one.seconds - bytes / 10e9) < 1e-12)
    let two = try phase(matrix([4, 4], .remote))
    #expect(two.limiter == .link)
    #expect(abs(two.seconds - bytes / 20e9) < 1e-12)
  }

  @Test func `interleaving halves the link's traffic, and a faster link leaves the memories as the bound`() throws {
    let slow = try phase(matrix([4, 4], .interleave))
    #expect(slow.limiter == .link)
    #expect(abs(slow.seconds - bytes * 0.25 / 10e9) < 1e-12)
    let fast = try phase(matrix([4, 4], .interleave), link: 100)
    #expect(fast.limiter == .memory)
    #expect(abs(fast.seconds - bytes / 80e9) < 1e-12)
  }

  @Test func `a remote line waits for the remote latency`() throws {

    #expect(try phase(matrix([8, 0], .local)).loadedLatencyNanoseconds == 100)
    #expect(try phase(matrix([8, 0], .remote)).loadedLatencyNanoseconds == 200)
    #expect(try phase(matrix([4, 4], .interleave)).loadedLatencyNanoseconds == 150)
  }
}
