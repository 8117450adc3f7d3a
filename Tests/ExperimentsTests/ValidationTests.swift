import Kernels
import Machines
import PlanSupport
import Projection
import Simulation
import Testing

@testable import HostModel
@testable import Plans
@testable import RunStore
@testable import Studies

@Suite struct ValidationTests {
  private func validation(_ pairs: [(measured: Double, projected: Double)]) -> Validation {
    Validation(
      machine: Machine(name: "host", caches: []),
      entries: pairs.enumerated().map { index, pair in
        Validation.Entry(
          point: Point(sweep: "s", kernel: .dense, seed: UInt64(index), hidden: 64, output: 64, tokens: 16, threads: 1),
          measuredTokensPerSecond: pair.measured,
          projection: ProjectionRow(
            runID: "r", pointID: "\(index)", machine: "host", tokensPerSecond: pair.projected,
            lowTokensPerSecond: pair.projected * 0.9, highTokensPerSecond: pair.projected * 1.1, limiter: "L2",
            modelVersion: "2"))
      })
  }

  @Test func `errors are projected over measured, less one`() throws {
    let result = validation([(100, 120), (200, 180), (50, 50)])
    #expect(abs((result.meanAbsoluteError() ?? 0) - 0.1) < 1e-12)
    #expect(abs((result.bias() ?? 0) - 0.1 / 3) < 1e-12)
    #expect(result.worst(1).map(\.point.seed) == [0])
    // The band 108 to 132 misses 100, and 162 to 198 misses 200.
    #expect(abs((result.shareWithinBand() ?? 0) - 1.0 / 3) < 1e-12)
  }

  @Test func `points are compared with their fastest samples too, where they have one`() {
    var result = validation([(100, 120), (200, 180)])
    #expect(result.meanAbsoluteError(.fastest) == nil && result.worst(1, .fastest).count == 1)
    result.entries[0].fastestTokensPerSecond = 150
    #expect(abs((result.meanAbsoluteError(.fastest) ?? 0) - 0.2) < 1e-12 && (result.bias(.fastest) ?? 0) < 0)
    #expect(result.entries[1].relativeError(.fastest) == nil && result.rankCorrelation(.fastest) == nil)
  }

  @Test func `an error is the sum of a part by traffic and a part by timing`() throws {
    var result = validation([(100, 120), (200, 180)])
    #expect(result.splits(.median).isEmpty && result.lineSummaries.isEmpty)
    // With counted lines 90 instead of 120: 30 too fast by traffic, 10 too slow by timing.
    result.entries[0].counted = result.entries[0].projection
    result.entries[0].counted?.tokensPerSecond = 90
    let split = try #require(result.entries[0].split(.median))
    #expect(abs(split.traffic - 0.3) < 1e-12 && abs(split.timing + 0.1) < 1e-12)
    #expect(abs(split.total - (result.entries[0].relativeError(.median) ?? 0)) < 1e-12)
    #expect(result.splits(.median).count == 1 && result.splits(.fastest).isEmpty)
  }

  @Test func `lines are summed up by boundary, over the points that counted them`() throws {
    var result = validation([(1, 1), (1, 1), (1, 1)])
    func line(_ counted: Double?, leavesOut: String? = nil) -> LineComparison {
      LineComparison(
        boundary: .memory, name: "from beyond L3", simulatedPerToken: 10, countedPerToken: counted, quality: .exact,
        source: "g", leavesOut: leavesOut)
    }
    result.entries[0].lines = [line(20)]
    result.entries[1].lines = [line(nil)]
    result.entries[2].lines = [line(5, leavesOut: "some")]
    let summary = try #require(result.lineSummaries.first)
    #expect(summary.points == 2 && summary.simulatedPerToken == 10 && summary.countedPerToken == 12.5)
    #expect(summary.qualities == ["exact", "exact, at least"])
  }

  @Test func `ranks correlate whatever the scale`() {
    #expect(validation([(1, 10), (2, 100), (3, 101)]).rankCorrelation() == 1)
    #expect(validation([(1, 3), (2, 2), (3, 1)]).rankCorrelation() == -1)
    // Computed by hand: ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4 give 4.5 / sqrt(4.5 x 5).
    let tied = Validation.rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4]) ?? 0
    #expect(abs(tied - 4.5 / (4.5 * 5).squareRoot()) < 1e-12)
  }

  @Test func `without points there are no figures`() {
    let none = validation([])
    #expect(none.meanAbsoluteError() == nil && none.bias() == nil && none.rankCorrelation() == nil)
    #expect(Validation.rankCorrelation([1, 1], [1, 2]) == nil)
  }
}

@Suite struct CoreConstantsTests {
  /// A synthetic core of 2 GHz: two units of the widest vectors here, 4 cycles of latency, 100 operations in flight.
  private func calibration(busyInL2: Double = 40) -> Calibration {
    let lanes = Double(ISA.best.vectorLanes)
    let throughput = 8.0
    let waiting = 16 * 4 * 16 / 100.0
    let cycles = (throughput * throughput + waiting * waiting).squareRoot()
    let set = 384 << 10
    func row(_ name: String, _ value: Double, _ set: Int? = nil) -> CeilingRow {
      CeilingRow(name: name, threads: 1, workingSetBytes: set, value: value, unit: "")
    }
    return Calibration(ceilings: [
      row(Calibration.Name.frequency, 2), row(Calibration.Name.multiplyAddPeak, 2 * 2 * lanes * 2),
      row(CoreConstants.Name.latency, 2), row(CoreConstants.Name.chainRate, 2 * 16 * lanes * 2 / cycles),
      row(CoreConstants.Name.instructionRate, 11), row(Calibration.Name.randomRows(CoreConstants.rowBytes), 50, set),
      row(CoreConstants.Name.busyRows, 60, 16 << 10), row(CoreConstants.Name.busyRows, busyInL2, set),
    ])
  }

  @Test func `latency, window and issue width come back from the rates they cause`() {
    let core = CoreConstants(calibration())
    #expect(core.latencyCycles == 4)
    #expect(core.issueWidth == 5.5)
    #expect(abs((core.schedulerWindow ?? 0) - 100) < 1e-9)
  }

  @Test func `the overlap is what rows and work hide of each other, between none and all`() {
    // Per byte, rows take 1/50 and work 1/60; both at once take 1/40, of which 0.005 of the 1/60 does not hide.
    let set = 384 << 10
    #expect(abs((CoreConstants(calibration()).overlap(rowSet: set) ?? 0) - 0.7) < 1e-9)
    #expect(CoreConstants(calibration(busyInL2: 10)).overlap(rowSet: set) == 0)
    #expect(CoreConstants(calibration(busyInL2: 80)).overlap(rowSet: set) == 1)
  }

  @Test func `what was not measured has no constant`() {
    let core = CoreConstants(Calibration(ceilings: []))
    #expect(core.latencyCycles == nil && core.schedulerWindow == nil)
    #expect(core.issueWidth == nil && core.overlap(rowSet: 1) == nil)
  }
}

@Suite struct RandomRowsTests {
  /// A synthetic host: 32 KiB at 200 GB/s, 1 MiB at 100, 12 usable of 32 MiB at 50, memory at 5.
  private let sizes = [32 << 10, 1 << 20, 32 << 20]
  private let held: [Double] = [32 * 1024, 1_048_576, 12 * 1_048_576]
  private let rates: [Double] = [200, 100, 50, 5]

  /// The same with every rate multiplied by `slowed`.
  private func calibration(held: [Double]? = nil, slowed: Double = 1) -> Calibration {
    let held = held ?? self.held
    func rate(_ set: Int) -> Double {
      // Rows spread evenly: each level serves its capacity's share of the set, less what lies above it.
      var secondsPerByte = 0.0
      var above = 0.0
      for (capacity, rate) in zip(held + [.infinity], rates) {
        let within = min(Double(set), capacity)
        secondsPerByte += max(0, within - above) / Double(set) / rate
        above = max(above, within)
      }
      return slowed / secondsPerByte
    }
    let sets = (14...28).flatMap { [1 << $0, 3 << ($0 - 1)] } + Calibration.levelSets(sizes)
    return Calibration(
      ceilings: Calibration.randomRowSizes.flatMap { bytes in
        Set(sets).map { set in
          CeilingRow(
            name: Calibration.Name.randomRows(bytes), threads: 1, workingSetBytes: set, value: rate(set), unit: "GB/s")
        }
      })
  }

  @Test func `each level's rate is told from the share of the level above`() {
    let rows = RandomRows(calibration(), cacheSizes: sizes)
    for (level, rate) in rates.enumerated() {
      let found = rows.rate(rowBytes: 512, level: level) ?? 0
      #expect(abs(found / rate - 1) < 0.06, "level \(level): \(found)")
    }
  }

  @Test func `rows in pieces have rates of their own`() {
    let set = Calibration.levelSets(sizes)[sizes.count]
    let calibration = Calibration(ceilings: [
      CeilingRow(name: Calibration.Name.randomRowPieces(64), threads: 1, workingSetBytes: set, value: 5, unit: "GB/s"),
      CeilingRow(
        name: Calibration.Name.randomRowPieces(256), threads: 1, workingSetBytes: set, value: 12, unit: "GB/s"),
    ])
    let rows = RandomRows(calibration, cacheSizes: sizes)
    #expect(
      rows.rates(.inPieces, level: sizes.count) == [.init(rowBytes: 64, rate: 5), .init(rowBytes: 256, rate: 12)])
    #expect(rows.rates(level: sizes.count).isEmpty)
  }

  @Test func `a last level shared with other guests is as large as the part that it holds for this one`() {
    let held = Double(RandomRows(calibration(), cacheSizes: sizes).lastLevelBytes)
    #expect(abs(held / (12 * 1_048_576) - 1) < 0.15, "\(held)")
  }

  @Test func `how much of the last level there is comes from typical rates, however slow, and rates from the others`() {
    // In the least disturbed moments the cache has no other user.
    let best = calibration(held: [32 * 1024, 1_048_576, 32 * 1_048_576])
    let rows = RandomRows(best, typical: calibration(slowed: 0.6), cacheSizes: sizes)
    #expect(abs(Double(rows.lastLevelBytes) / (12 * 1_048_576) - 1) < 0.15, "\(rows.lastLevelBytes)")
    #expect(abs((rows.rate(rowBytes: 512, level: 2) ?? 0) / 50 - 1) < 0.06)
  }

  @Test func `without measurements there are no rates, and the level is as reported`() {
    let rows = RandomRows(Calibration(ceilings: []), cacheSizes: sizes)
    #expect(rows.rates(level: 1).isEmpty)
    #expect(rows.lastLevelBytes == 32 << 20)
  }
}
