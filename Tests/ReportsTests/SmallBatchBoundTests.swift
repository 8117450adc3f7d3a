import Kernels
import Testing

@testable import Reports

@Suite struct SmallBatchBoundTests {
  private let levels = [
    SmallBatchBound.Level(name: "L1", capacityBytes: 1000, bandwidth: 200),
    SmallBatchBound.Level(name: "L2", capacityBytes: 10_000, bandwidth: 100),
    SmallBatchBound.Level(name: "memory", capacityBytes: nil, bandwidth: 10),
  ]
  private let stages = [
    SmallBatchBound.Stage(name: "projection", flop: 1000, bytes: 400),
    SmallBatchBound.Stage(name: "gather", flop: 100, bytes: 500),
  ]

  @Test func `bytes come from the nearest level that holds those of all tokens`() throws {
    // 900, 1,800 and 18,000 bytes.
    let one = try #require(SmallBatchBound(stages, tokens: 1, peaks: [.fp32: 100], levels: levels))
    #expect(one.nanosecondsPerToken == 10 + 2.5)
    let two = try #require(SmallBatchBound(stages, tokens: 2, peaks: [.fp32: 100], levels: levels))
    #expect(two.nanosecondsPerToken == 10 + 5)
    let many = try #require(SmallBatchBound(stages, tokens: 20, peaks: [.fp32: 100], levels: levels))
    #expect(many.nanosecondsPerToken == 40 + 50)
  }

  @Test func `the resource is that of the longest stage`() throws {
    let one = try #require(SmallBatchBound(stages, tokens: 1, peaks: [.fp32: 100], levels: levels))
    #expect(one.resource == "projection: fp32 peak")
    let many = try #require(SmallBatchBound(stages, tokens: 20, peaks: [.fp32: 100], levels: levels))
    #expect(many.resource == "gather: memory bandwidth")
  }

  @Test func `without a level that holds them, a peak or a stage there is no bound`() {
    #expect(SmallBatchBound(stages, tokens: 20, peaks: [.fp32: 100], levels: Array(levels.prefix(2))) == nil)
    #expect(SmallBatchBound(stages, tokens: 1, peaks: [:], levels: levels) == nil)
    #expect(SmallBatchBound([], tokens: 1, peaks: [.fp32: 100], levels: levels) == nil)
  }
}
