import Testing

@testable import AccessStreams
@testable import Machines
@testable import Profiles
@testable import Projection
@testable import Simulation

/// Hypothetical machines, made by changing one figure of an existing one.
@Suite struct MachineFigureTests {
  private func machine() throws -> Machine { try MachineCatalogue.bundled().machine("xeon-8480plus") }

  @Test(arguments: MachineFigure.allCases)
  func `a changed figure is read back and all others stay`(figure: MachineFigure) throws {
    let base = try machine()
    let own = try #require(figure.value(of: base))
    // Half of an L3 would be less than the L2s' size on some machines, so the figure moves down only a little.
    let wanted = figure.rawValue == "simd" ? 256 : own * 1.25
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
    let twice = try #require(base.with(MachineFigure(named: "bandwidth"), 2 * base.memory[0].peakGigabytesPerSecond))
    let later = try #require(base.with(MachineFigure(named: "latency"), base.memory[0].idleLatencyNanoseconds + 50))
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
    let changed = try #require(
      base.with(figure, figure.rawValue == "simd" ? 256 : 1.25 * (figure.value(of: base) ?? 0)))
    var counts = PhaseCounts(levels: Array(repeating: LevelCounts(), count: base.caches.count))
    counts.levels[0].reads = 3_000_000
    counts.levels[0].readMisses = 1_000_000
    counts.levels[1].readMisses = 400_000
    counts.levels[2].readMisses = 300_000
    counts.gatherSources = [100, 20_000, 5_000, 40_000]
    counts.memory = MemoryCounts(reads: 300_000, writes: 50_000)
    let traffic = Traffic(
      origin: .simulated, lineBytes: base.lineBytes, levelNames: base.caches.map(\.name), phases: [counts])
    let work = PhaseWork(name: "rows", multiplyAdds: 1e7, loadBytes: 1e7, independentRows: 8, rowBytes: 256)
    func projected(_ corners: MachineCorners) throws -> Projection {
      try Projection.project(phases: [work], tokens: 1000, threads: 2, traffic: traffic, on: corners)
    }
    let uncertainties = try FigureUncertainties(of: base)
    let alone = try Projection.project(phases: [work], tokens: 1000, threads: 2, traffic: traffic, on: changed)
    #expect(try projected(MachineCorners(changed, uncertainties: uncertainties)) == alone)
    #expect(alone.low < alone.tokensPerSecond && alone.tokensPerSecond < alone.high)
  }

  @Test func `every name belongs to a figure of the table`() throws {
    #expect(MachineFigure.allCases.count == 11)
    let paths = try machine().figures.map(\.path)
    for figure in MachineFigure.allCases {
      #expect(paths.contains(figure.path))
      #expect(try MachineFigure(named: figure.rawValue) == figure)
    }
  }

  @Test(arguments: [
    ("simd", "1", "expected a number of bits from 32 to 2048 for simd, found '1'"),
    ("simd", "500", "expected a multiple of 32 bits for simd, found '500'"),
    ("cores", "2.5", "expected a multiple of 1 cores for cores, found '2.5'"),
    ("frequency", "20", "expected a number of GHz from 0.1 to 10.0 for frequency, found '20'"),
    ("l2", "0", "expected a size such as 2MiB, at most 1TiB, for l2, found '0'"),
    ("l2", "big", "expected a size such as 2MiB, at most 1TiB, for l2, found 'big'"),
  ]) func `a value that a machine file refuses is refused`(name: String, text: String, expected: String) throws {
    let figure = try MachineFigure(named: name)
    #expect(message { _ = try figure.value(text) } == expected)
  }

  @Test func `a machine that contradicts itself is refused`() throws {
    let base = try machine()
    for (name, value) in [
      ("l2", Double(base.caches[2].sizeBytes)), ("l1", Double(base.caches[1].sizeBytes)), ("l3-bandwidth", 1e6),
      ("latency", 1), ("bandwidth", -1),
    ] {
      #expect(try base.with(MachineFigure(named: name), value) == nil, "\(name)")
    }
    #expect(
      try base.objection(to: [(MachineFigure(named: "l1"), Double(base.caches[1].sizeBytes))])
        == "caches[1].size: expected more than the 2MiB of L1, found 2MiB")
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
