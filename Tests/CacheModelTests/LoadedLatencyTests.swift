import Testing

@testable import Machines
@testable import Projection

@Suite struct LoadedLatencyTests {
  private func memory(_ curve: [LoadedLatencyCurve]) -> MemoryDescription {
    MemoryDescription(
      name: "m", peakGigabytesPerSecond: 100, idleLatencyNanoseconds: 100, curve: curve, linesInFlightPerCore: 10)
  }

  private func curve(_ readRatio: Double, _ points: [(Double, Double)]) -> LoadedLatencyCurve {
    LoadedLatencyCurve(
      readRatio: readRatio, points: points.map { .init(gigabytesPerSecond: $0.0, nanoseconds: $0.1) })
  }

  @Test func `measured points are met exactly and joined by lines`() {
    let latency = LoadedLatency(memory([curve(1, [(0, 100), (40, 120), (80, 200)])]), readRatio: 1)
    #expect(latency.nanoseconds(at: 0) == 100)
    #expect(latency.nanoseconds(at: 40) == 120)
    #expect(abs(latency.nanoseconds(at: 60) - 160) < 1e-9)
    #expect(latency.nanoseconds(at: 500) == 200)
    #expect(latency.mostGigabytesPerSecond == 80)
  }

  @Test func `a curve that begins under load starts from the idle latency`() {
    let latency = LoadedLatency(memory([curve(1, [(40, 120), (80, 200)])]), readRatio: 1)
    #expect(abs(latency.nanoseconds(at: 20) - 110) < 1e-9)
  }

  @Test func `between two shares of reads, maximum bandwidth and latency lie between`() {
    let curves = [curve(0.5, [(0, 100), (60, 300)]), curve(1, [(0, 100), (80, 200)])]
    let middle = LoadedLatency(memory(curves), readRatio: 0.75)
    #expect(abs(middle.mostGigabytesPerSecond - 70) < 1e-9)
    #expect(abs(middle.nanoseconds(at: 70) - 250) < 1e-9)
    #expect(LoadedLatency(memory(curves), readRatio: 0).mostGigabytesPerSecond == 60)
  }

  @Test func `without a curve a default shape holds, lower for writes, with a band`() {
    let reads = LoadedLatency(memory([]), readRatio: 1)
    #expect(abs(reads.mostGigabytesPerSecond - 79) < 1e-9)
    #expect(reads.nanoseconds(at: 0) == 100)
    #expect(abs(reads.nanoseconds(at: 79) - 193.07) < 0.01)
    #expect(abs(LoadedLatency(memory([]), readRatio: 0.5).mostGigabytesPerSecond - 79 * 0.84) < 1e-9)
    #expect(abs(LoadedLatency(memory([]), readRatio: 1, corner: .low).mostGigabytesPerSecond - 67) < 1e-9)
  }

  /// The published rows of Xeon 8480+ (Mess): 130 ns at half of the maximum bandwidth, 223 ns at the maximum.
  @Test func `the catalogue's Xeon 8480+ meets its published points`() throws {
    let memory = try MachineCatalogue.bundled().machine("xeon-8480plus").memory[0]
    let latency = LoadedLatency(memory, readRatio: 1)
    #expect(latency.mostGigabytesPerSecond == 233.5)
    #expect(abs(latency.nanoseconds(at: 116.75) - 130) < 0.1)
    #expect(latency.nanoseconds(at: 233.5) == 223)
  }
}
