import Testing

@testable import HostModel
@testable import RunStore

/// Powers of two and the 1.5-fold sizes between them, as a full calibration measures.
private let sizes = CalibrationExtent.full.workingSets(upTo: 256 << 20)

/// A cyclic chase through caches without other users: each size costs what the innermost level that holds it costs.
private func staircase(_ levels: [(bytes: Int, cost: Double)], memory: Double) -> [Double] {
  sizes.map { size in levels.first { size <= $0.bytes }?.cost ?? memory }
}

private let zen = [(32 << 10, 1.3), (512 << 10, 4.0), (32 << 20, 14.0)]
private let reported = [("L1", 32 << 10), ("L2", 512 << 10), ("L3", 32 << 20)]

private func latency(_ costs: [Double]) -> CacheBoundaries {
  CacheBoundaries(sizes: sizes, costs: costs, leastRise: 1.35)
}

@Suite struct CacheBoundariesTests {
  @Test func `a staircase climbs where its levels end`() {
    let boundaries = latency(staircase(zen, memory: 100)).boundaries
    let (inside, outside): ([Int], [Int]) = ([32 << 10, 512 << 10, 32 << 20], [48 << 10, 768 << 10, 48 << 20])
    #expect(boundaries.map(\.lastInside) == inside)
    #expect(boundaries.map(\.firstOutside) == outside)
    for (boundary, level) in zip(boundaries, zen) { #expect((level.0...level.0 * 3 / 2).contains(boundary.bytes)) }
    #expect(boundaries.map { ($0.rise * 100).rounded() / 100 } == [3.08, 3.5, 7.14])
  }

  @Test(arguments: 1...20) func `noise of a tenth and lone outliers move no boundary`(seed: UInt64) {
    var generator = SplitMix(state: seed)
    var costs = staircase(zen, memory: 100).map { $0 * (1 + 0.1 * (generator.unit() - 0.5)) }
    // A burst of other load doubles one point inside the L2's plateau and one of memory's.
    costs[8] *= 2
    costs[costs.count - 3] *= 2
    let verdicts = latency(costs).compare(with: reported)
    #expect(verdicts.map(\.agrees) == [true, true, true], "\(verdicts)")
  }

  @Test func `a shared cache that blurs is found half way up its climb`() throws {
    // From 4 MiB on other guests take their share: the hit ratio falls until 64 MiB.
    let costs = sizes.map { size -> Double in
      if size <= 32 << 10 { return 1.3 }
      if size <= 512 << 10 { return 4 }
      let share = min(1, max(0, Double(size - 4 << 20) / Double(60 << 20)))
      return 14 * (1 - share) + 110 * share
    }
    let boundaries = latency(costs).boundaries
    #expect(boundaries.count == 3)
    let last = try #require(boundaries.last)
    #expect(last.lastInside == 4 << 20)
    #expect((8 << 20...24 << 20).contains(last.bytes))
  }

  @Test func `an operating system that lies is found out`() {
    let lie = [("L1", 32 << 10), ("L2", 512 << 10), ("L3", 256 << 20)]
    let verdicts = latency(staircase(zen, memory: 100)).compare(with: lie)
    #expect(verdicts.map(\.agrees) == [true, true, false])
    #expect(verdicts[2].boundary?.lastInside == 32 << 20)
    #expect(verdicts[2].sentence.contains("differs"))
    #expect(verdicts[0].sentence.contains("within one measured size"))
  }

  @Test func `a reported level that the curve does not show has no boundary`() {
    // Two levels and memory where the system reports three: the nearest boundaries go to L1 and L3.
    let verdicts = latency(staircase([(32 << 10, 1.3), (32 << 20, 14)], memory: 100)).compare(with: reported)
    #expect(verdicts.map(\.agrees) == [true, false, true])
    #expect(verdicts[1].boundary == nil)
    #expect(verdicts[1].sentence == "latency does not climb there")
  }

  @Test func `one measured size away is agreement, two are not`() {
    let boundaries = latency(staircase([(512 << 10, 4)], memory: 100))
    func agrees(_ bytes: Int) -> Bool { boundaries.compare(with: [("L2", bytes)])[0].agrees }
    #expect(agrees(512 << 10) && agrees(768 << 10) && agrees(384 << 10))
    #expect(!agrees(1 << 20) && !agrees(256 << 10))
  }

  @Test func `a flat curve, and a climb too low for a level, have no boundaries`() {
    #expect(latency(sizes.map { _ in 5 }).boundaries.isEmpty)
    // The TLB's third on top of a cache's latency.
    #expect(latency(sizes.map { $0 < 256 << 10 ? 4 : 5 }).boundaries.isEmpty)
    #expect(CacheBoundaries(sizes: [], costs: [], leastRise: 1.35).boundaries.isEmpty)
    #expect(
      CacheBoundaries(sizes: [4096], costs: [1], leastRise: 1.35).compare(with: reported).allSatisfy { !$0.agrees })
  }

  @Test func `falling bandwidth climbs as its inverse does`() {
    let rows = sizes.map { size -> CeilingRow in
      let bandwidth = size <= 32 << 10 ? 180.0 : size <= 512 << 10 ? 100 : size <= 32 << 20 ? 80 : 20
      return CeilingRow(
        name: Calibration.Name.readBandwidth, threads: 1, workingSetBytes: size, value: bandwidth, unit: "GB/s")
    }
    let boundaries = Calibration(ceilings: rows.reversed()).boundaries(Calibration.Name.readBandwidth, leastRise: 1.15)
    #expect(boundaries.boundaries.map(\.lastInside) == [32 << 10, 512 << 10, 32 << 20])
  }
}

/// Steele, Lea and Flood's SplitMix64 (OOPSLA 2014): the same noise for the same seed.
struct SplitMix {
  var state: UInt64

  mutating func unit() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}
