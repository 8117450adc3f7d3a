import Testing

@testable import AccessStreams
@testable import Machines
@testable import Profiles
@testable import Projection
@testable import Simulation

/// Machines that nobody has built, by changing one figure of one that somebody has.
@Suite struct MachineFigureTests {
  private func machine() throws -> Machine { try MachineCatalogue.bundled().machine("xeon-8480plus") }

  @Test(arguments: MachineFigure.allCases)
  func `a changed figure is read back and all others stay`(figure: MachineFigure) throws {
    let base = try machine()
    let own = try #require(figure.value(of: base))
    // Half of an L3 would be less than the L2s' size is allowed to be on some machines, so downwards only a little.
    let wanted = figure == .simd ? 256 : own * 1.25
    let changed = try #require(base.with(figure, wanted))
    let found = try #require(figure.value(of: changed))
    // A capacity is a whole number of sets.
    #expect(abs(found - wanted) <= 0.01 * wanted)
    for other in MachineFigure.allCases where other != figure {
      #expect(other.value(of: changed) == other.value(of: base))
    }
    #expect(changed.status == .hypothetical)
  }

  @Test func `a memory's curve moves with its peak and with its latency`() throws {
    let base = try machine()
    let twice = try #require(base.with(.bandwidth, 2 * base.memory[0].peakGigabytesPerSecond))
    let later = try #require(base.with(.latency, base.memory[0].idleLatencyNanoseconds + 50))
    for (curve, (wide, late)) in zip(base.memory[0].curve, zip(twice.memory[0].curve, later.memory[0].curve)) {
      for (point, (w, l)) in zip(curve.points, zip(wide.points, late.points)) {
        #expect(w.gigabytesPerSecond == 2 * point.gigabytesPerSecond)
        #expect(w.nanoseconds == point.nanoseconds)
        #expect(l.nanoseconds == point.nanoseconds + 50)
      }
    }
  }

  @Test(arguments: MachineFigure.allCases)
  func `a machine of a grid is projected onto with its base's uncertainties as with its own`(figure: MachineFigure)
    throws
  {
    let base = try machine()
    let changed = try #require(base.with(figure, figure == .simd ? 256 : 1.25 * (figure.value(of: base) ?? 0)))
    var counts = PhaseCounts(levels: Array(repeating: LevelCounts(), count: base.caches.count))
    counts.levels[0].reads = 3_000_000
    counts.levels[0].readMisses = 1_000_000
    counts.levels[1].readMisses = 400_000
    counts.levels[2].readMisses = 300_000
    counts.gatherSources = [100, 20_000, 5_000, 40_000]
    counts.memory = MemoryCounts(reads: 300_000, writes: 50_000)
    let traffic = Traffic(
      lineBytes: base.lineBytes, levelNames: base.caches.map(\.name), phases: [counts])
    let work = PhaseWork(name: "rows", multiplyAdds: 1e7, loadBytes: 1e7, independentRows: 8, rowBytes: 256)
    func projected(_ corners: MachineCorners) throws -> Projection {
      try Projection.project(phases: [work], tokens: 1000, threads: 2, traffic: traffic, on: corners)
    }
    let uncertainties = try FigureUncertainties(of: base)
    let alone = try Projection.project(phases: [work], tokens: 1000, threads: 2, traffic: traffic, on: changed)
    #expect(try projected(MachineCorners(changed, uncertainties: uncertainties)) == alone)
    #expect(alone.low < alone.tokensPerSecond && alone.tokensPerSecond < alone.high)
  }

  @Test func `a machine that contradicts itself is none`() throws {
    let base = try machine()
    #expect(base.with(.l2, Double(base.caches[2].sizeBytes)) == nil)
    #expect(base.with(.l1, Double(base.caches[1].sizeBytes)) == nil)
    #expect(base.with(.l3Bandwidth, 1e6) == nil)
    #expect(base.with(.latency, 1) == nil)
    #expect(base.with(.bandwidth, -1) == nil)
  }

  @Test func `the misses of a histogram are the sum over all of its bins`() {
    let bins = (0..<4000).map { DistanceHistogram.Bin(distance: $0 * 3, count: Double($0 % 7 + 1)) }
    let histogram = DistanceHistogram(bins: bins, cold: 11)
    for lines in [nil, 12_000, 30_000] {
      for (sets, ways) in [(64, 8), (300, 12), (1, 16), (4096, 16)] {
        let cache = SetAssociativity(sets: sets, ways: ways, contiguousLines: lines)
        let all = bins.reduce(11) { $0 + $1.count * cache.missProbability(distance: $1.distance) }
        #expect(abs(histogram.misses(cache) - all) < 1e-6 * histogram.total)
      }
    }
  }
}
