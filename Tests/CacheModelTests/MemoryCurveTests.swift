import Testing

@testable import AccessStreams
@testable import Machines
@testable import Projection
@testable import Simulation

/// Published measurements that the catalogue's curves represent: the maximum bandwidth at a share of reads and the
/// latency there, and where they are published for that share the latencies at 50, 80 and 90 % of the maximum.
@Suite struct MemoryCurveTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var machine: String
    var memory = 0
    var readRatio: Double
    var most: Double
    var atMost: Double
    var below: [Double] = []

    var testDescription: String { "\(machine) at \(Int(readRatio * 100)) % reads" }
  }

  /// Mess-Results (bsc-mem, commit 16ab1d60). The rows of Xeon 8160 and A64FX are Mess-simulator's plus 22 ns for the
  /// on-chip path, which it leaves out; Graviton's are Arm's, without latencies (0: not published).
  static let rows = [
    Row(machine: "epyc-7742", readRatio: 0.46, most: 141.4, atMost: 225, below: [139, 153, 171]),
    Row(machine: "epyc-7742", readRatio: 0.94, most: 137.7, atMost: 169),
    Row(machine: "epyc-7742", readRatio: 0, most: 140.1, atMost: 241),
    Row(machine: "xeon-5218", readRatio: 1, most: 106.2, atMost: 158, below: [111, 131, 140]),
    Row(machine: "xeon-5218", readRatio: 0.76, most: 95.6, atMost: 210),
    Row(machine: "xeon-5218", readRatio: 0.5, most: 86.5, atMost: 272),
    Row(machine: "xeon-8480plus", readRatio: 1, most: 233.5, atMost: 223, below: [130, 161, 176]),
    Row(machine: "xeon-8480plus", readRatio: 0.75, most: 204.8, atMost: 356),
    Row(machine: "xeon-8480plus", readRatio: 0.51, most: 187.5, atMost: 491),
    Row(machine: "xeon-8480plus", memory: 1, readRatio: 1, most: 263.5, atMost: 250, below: [129, 154, 177]),
    Row(machine: "xeon-8480plus", memory: 1, readRatio: 0.5, most: 223.9, atMost: 386),
    Row(machine: "xeon-8460yplus", readRatio: 1, most: 267.4, atMost: 223, below: [123, 145, 162]),
    Row(machine: "xeon-8460yplus", readRatio: 0.5, most: 236.6, atMost: 364),
    Row(machine: "xeon-max-9480", readRatio: 0.5, most: 833, atMost: 225, below: [159, 187, 203]),
    Row(machine: "xeon-max-9480", readRatio: 0.65, most: 774, atMost: 207),
    Row(machine: "xeon-max-9480", readRatio: 0.82, most: 638, atMost: 197),
    Row(machine: "xeon-max-9462", readRatio: 1, most: 425, atMost: 153),
    Row(machine: "xeon-8568yplus", readRatio: 1, most: 248.5, atMost: 292, below: [129, 153, 170]),
    Row(machine: "xeon-6980p", readRatio: 1, most: 750, atMost: 263),
    Row(machine: "xeon-6980p", readRatio: 0.63, most: 650, atMost: 404),
    Row(machine: "xeon-6980p", memory: 1, readRatio: 1, most: 561, atMost: 388),
    Row(machine: "xeon-6980p", memory: 1, readRatio: 0.67, most: 480, atMost: 520),
    Row(machine: "grace", readRatio: 1, most: 442, atMost: 308, below: [193, 234, 261]),
    Row(machine: "grace", readRatio: 0.72, most: 407, atMost: 469),
    Row(machine: "grace", readRatio: 0.5, most: 368, atMost: 645),
    Row(machine: "graviton4", readRatio: 1, most: 465.5, atMost: 0),
    Row(machine: "graviton4", readRatio: 0.75, most: 434.7, atMost: 0),
    Row(machine: "graviton4", readRatio: 0.67, most: 430.1, atMost: 0),
    Row(machine: "graviton4", readRatio: 0.5, most: 410.4, atMost: 0),
    Row(machine: "graviton2", readRatio: 1, most: 169.6, atMost: 0),
    Row(machine: "graviton2", readRatio: 0.5, most: 151.7, atMost: 0),
    Row(machine: "graviton3", readRatio: 1, most: 284.5, atMost: 295 + 22),
    Row(machine: "xeon-8160", readRatio: 0.78, most: 101, atMost: 197 + 22),
    Row(machine: "a64fx", readRatio: 1, most: 943, atMost: 311 + 22),
  ]

  /// 3 % is the error of Mess itself against the machines.
  private func isClose(_ value: Double, _ published: Double) -> Bool { abs(value - published) <= 0.03 * published }

  @Test(arguments: rows) func `the stored curves give the published points within 3 percent`(row: Row) throws {
    let memory = try MachineCatalogue.bundled().machine(row.machine).memory[row.memory]
    let latency = LoadedLatency(memory, readRatio: row.readRatio)
    #expect(isClose(latency.mostGigabytesPerSecond, row.most))
    if row.atMost > 0 { #expect(isClose(latency.nanoseconds(at: row.most), row.atMost)) }
    for (share, published) in zip([0.5, 0.8, 0.9], row.below) {
      #expect(isClose(latency.nanoseconds(at: share * row.most), published), "at \(share) of the most")
    }
  }

  @Test(arguments: [(441.0, 193.0), (499, 220), (535, 250)])
  func `the RDIMMs of Xeon 6980P meet the points below the maximum too`(bandwidth: Double, published: Double) throws {
    let memory = try MachineCatalogue.bundled().machine("xeon-6980p").memory[1]
    #expect(isClose(LoadedLatency(memory, readRatio: 1).nanoseconds(at: bandwidth), published))
  }

  @Test(arguments: [(234.0, 136.0), (406, 187), (741, 219)])
  func `the MRDIMMs of Xeon 6980P meet the points below the maximum too`(bandwidth: Double, published: Double) throws {
    let memory = try MachineCatalogue.bundled().machine("xeon-6980p").memory[0]
    #expect(isClose(LoadedLatency(memory, readRatio: 1).nanoseconds(at: bandwidth), published))
  }

  @Test func `HBM is limited by the lines in flight of few cores, not by its curve`() throws {
    // Xeon Max 9462: 425 GB/s at 153 ns are 1016 lines in flight, 32 for each of its cores. The same cores cannot
    // draw more from a memory with twice the bandwidth.
    var machine = try MachineCatalogue.bundled().machine("xeon-max-9462")
    machine.memory[0].curve = []
    let reads = UInt64(1 << 22)
    let counts = PhaseCounts(
      levels: Array(repeating: LevelCounts(), count: 3), memory: MemoryCounts(reads: reads, writes: 0))
    let phase = PhaseModel(
      PhaseWork(name: "stream"), counts, threads: 32, inputs: try ProjectionInputs(machine, memoryName: nil)
    ).solve()
    #expect(phase.limiter == .latency)
    #expect(isClose(phase.memoryGigabytesPerSecond * phase.loadedLatencyNanoseconds / 64, 32 * 32))
    #expect(phase.memoryGigabytesPerSecond < 500)
  }
}
