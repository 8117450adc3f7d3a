import Kernels
import Testing

@testable import Reports

@Suite struct RooflineTests {
  private let roofline = Roofline(peak: 200, peaks: [.fp32: 200, .bf16: 400], bandwidth: 100)

  @Test func `a stage with few bytes per FLOP is bound by the multiply-add peak`() throws {
    let bound = try #require(roofline.bound(flop: 4000, bytes: 1000))
    #expect(bound.nanoseconds == 20)
    #expect(bound.ceiling == "FMA peak")
  }

  @Test func `a stage with many is bound by the bandwidth`() throws {
    let bound = try #require(roofline.bound(flop: 4000, bytes: 4000))
    #expect(bound.nanoseconds == 40)
    #expect(bound.ceiling == "L2 bandwidth")
  }

  @Test func `operands of another type have their own peak, and no bound where it was not measured`() throws {
    let bound = try #require(roofline.bound(flop: 4000, bytes: 500, type: .bf16))
    #expect(bound.nanoseconds == 10)
    #expect(bound.ceiling == "bf16 peak")
    #expect(roofline.bound(flop: 4000, bytes: 500, type: .int8) == nil)
  }
}
