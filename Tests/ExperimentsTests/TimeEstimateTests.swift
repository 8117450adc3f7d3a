import Kernels
import Profiler
import Testing

@testable import Measurement
@testable import Plans
@testable import RunStore

@Suite struct TimeEstimateTests {
  private func points() throws -> [Point] {
    try Plan(
      experiment("sweeps: [{name: a, set: {kernel: lookup}, axes: {tokens: [1024, 4096], threads: [1, 2]}}]"),
      cpuCount: 2
    ).points
  }

  @Test func `a pass takes as long as its tokens, over its threads`() throws {
    let points = try points()
    let estimate = TimeEstimate(Measure(), machines: 1)
    let passes = points.map { estimate.seconds($0).pass }
    #expect(abs(passes[0] / passes[1] - 2) < 1e-9)
    #expect(abs(passes[2] / passes[0] - 4) < 1e-9)
  }

  @Test func `what an earlier run measured goes before stated rates, and scales what it did not measure`() throws {
    let points = try points()
    var row = ResultRow(runID: "r", host: "h", point: points[0], status: .passed)
    row.medianNanoseconds = 7e6
    let stated = TimeEstimate(Measure(), machines: 1)
    let estimate = TimeEstimate(Measure(), machines: 1, earlier: [(points[0], row)])
    #expect(estimate.seconds(points[0]).pass == 7e-3)
    #expect(estimate.seconds(points[0]).isMeasured)
    #expect(!estimate.seconds(points[2]).isMeasured)
    let ratio = estimate.seconds(points[2]).pass / stated.seconds(points[2]).pass
    #expect(abs(ratio - 7e-3 / stated.seconds(points[0]).pass) < 1e-9)
  }

  @Test func `counting under valgrind takes its time once a point, however many launches it has, or is not begun`()
    throws
  {
    let points = try points()
    var measure = Measure()
    measure.launches = 3
    let timed = TimeEstimate(measure, machines: 1)
    var counted = timed
    counted.countsUnderValgrind = true
    for point in points {
      let seconds = counted.seconds(point)
      #expect(timed.seconds(point).valgrind == 0 && seconds.valgrind > 1)
      #expect(abs(seconds.expected - timed.seconds(point).expected - seconds.valgrind) < 1e-9)
    }
    // Threads run in turns; tokens beyond those that are simulated are not counted.
    #expect(counted.seconds(points[0]).valgrind == counted.seconds(points[1]).valgrind)
    var many = points[2]
    many.tokens *= 100
    #expect(counted.seconds(many).valgrind == counted.seconds(points[2]).valgrind)
    var limited = measure
    limited.timeoutSeconds = 1
    var none = TimeEstimate(limited, machines: 1)
    none.countsUnderValgrind = true
    #expect(none.seconds(points[0]).valgrind == 0)
  }

  @Test func `sampling ends at the time limit`() throws {
    var measure = Measure()
    measure.minSamples = 1000
    measure.maxSeconds = 2
    let seconds = TimeEstimate(measure, machines: 0).seconds(try points()[2])
    #expect(seconds.expected <= seconds.atMost)
    #expect(seconds.atMost < 6)
  }

  @Test func `points that cannot run here are told apart, with the reason`() throws {
    let topology = Topology.read()
    let many = topology.allowedCPUs.count + 1
    func infeasibility(_ set: String, memory: Int? = nil) throws -> String? {
      try Plan(experiment("sweeps: [{name: a, set: {kernel: lookup, \(set)}}]"), cpuCount: 1).points[0]
        .infeasibility(
          topology: topology, available: memory.map { AvailableMemory(bytes: $0, limit: "MemAvailable") })
    }
    #expect(try infeasibility("tables: 4, tokens: 1") == nil)
    #expect(
      try infeasibility("tables: 4", memory: 1000)?.contains("of memory, 1000B are available by MemAvailable") == true)
    #expect(try infeasibility("threads: \(many)")?.contains("threads") == true)
    #expect(try infeasibility("memory: 'node:63'") == "this machine has no memory node 63")
    #if arch(x86_64)
      #expect(try infeasibility("isa: neon") == "this CPU cannot run neon")
    #endif
  }
}
