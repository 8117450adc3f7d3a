import Testing

@testable import Measurement
@testable import Plans

@Suite struct RemainingTimeTests {
  private func points() throws -> [Point] {
    try Plan(
      experiment("sweeps: [{name: a, set: {kernel: dense}, axes: {tokens: [1, 10, 100]}}]"), cpuCount: 1
    ).points
  }

  @Test func `nothing is known before the first launch`() throws {
    #expect(RemainingTime { _ in 1 }.seconds(for: try points()) == nil)
  }

  @Test func `what is left takes as long as estimated, scaled by how estimates have held so far`() throws {
    let points = try points()
    var remaining = RemainingTime { Double($0.tokens) }
    remaining.finished(points[1], seconds: 30)
    #expect(remaining.seconds(for: [points[0], points[2]]) == 303)
    remaining.finished(points[0], seconds: 3)
    #expect(remaining.seconds(for: [points[2]]) == 300)
    #expect(remaining.seconds(for: []) == 0)
  }

  @Test func `a long point weighs more than a short one`() throws {
    let experiment = try experiment(
      """
      sweeps: [{name: a, set: {kernel: dense}, axes: {tokens: [64, 262144]}}]
      measure: {warmup_seconds: 0, min_seconds: 0, launches: 2}
      """)
    let points = try Plan(experiment, cpuCount: 1).points
    var remaining = RemainingTime(experiment)
    remaining.finished(points[0], seconds: 1)
    let short = try #require(remaining.seconds(for: [points[0]]))
    let long = try #require(remaining.seconds(for: [points[1]]))
    #expect(abs(short - 1) < 1e-9)
    #expect(long > 20 * short)
  }
}
