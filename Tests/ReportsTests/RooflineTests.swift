import Testing

@testable import Reports

@Suite struct RooflineTests {
  private let roofline = Roofline(peak: 200, bandwidth: 100)

  @Test func `a stage with few bytes per FLOP is bound by the multiply-add peak`() {
    let bound = roofline.bound(flop: 4000, bytes: 1000)
    #expect(bound.nanoseconds == 20)
    #expect(bound.ceiling == "FMA peak")
  }

  @Test func `a stage with many is bound by the bandwidth`() {
    let bound = roofline.bound(flop: 4000, bytes: 4000)
    #expect(bound.nanoseconds == 40)
    #expect(bound.ceiling == "L2 bandwidth")
  }
}
