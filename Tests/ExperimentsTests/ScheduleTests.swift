import Support
import Testing

@testable import Measurement
@testable import Plans

@Suite struct ScheduleTests {
  private func plan(_ points: Int = 40) throws -> Plan {
    try Plan(
      experiment("seed: 5\nsweeps: [{name: a, set: {kernel: dense}, axes: {tokens: {range: [1, \(points), 1]}}}]"),
      cpuCount: 1)
  }

  @Test func `every launch of every point comes once, in rounds, the first in the plan's order`() throws {
    let plan = try plan()
    let schedule = Schedule(plan, launches: 3, seed: 5).launches
    #expect(schedule.count == 120)
    #expect(schedule.map(\.position) == Array(0..<120))
    #expect(schedule.prefix(40).map(\.point) == plan.executionOrder)
    for round in 0..<3 {
      let own = schedule[(40 * round)..<(40 * round + 40)]
      #expect(own.allSatisfy { $0.launch == round })
      #expect(Set(own.map(\.point.id)).count == 40)
    }
    #expect(schedule.prefix(40).map(\.point) != schedule[40..<80].map(\.point))
  }

  @Test func `the same seed gives the same order, another one another`() throws {
    let plan = try plan()
    #expect(Schedule(plan, launches: 2, seed: 5).launches == Schedule(plan, launches: 2, seed: 5).launches)
    #expect(Schedule(plan, launches: 2, seed: 5).launches != Schedule(plan, launches: 2, seed: 6).launches)
  }

  @Test func `shards share the points out, each once, and take about as long`() throws {
    let plan = try plan(41)
    let seconds = { (point: Point) in Double(point.tokens) }
    let parts = try (1...4).map { try Shard(index: $0, count: 4).points(of: plan, seconds: seconds) }
    #expect(parts.reduce(0) { $0 + $1.count } == 41)
    #expect(parts.reduce(Set()) { $0.union($1) }.count == 41)
    let loads = parts.map { part in plan.points.filter { part.contains($0.id) }.reduce(0) { $0 + $1.tokens } }
    // All of 861 over 4, within the longest point.
    #expect(loads.allSatisfy { abs(Double($0) - 861.0 / 4) <= 41 }, "\(loads)")
  }

  @Test(arguments: ["", "1", "0/4", "5/4", "1/0", "a/b", "1/2/3", "-1/2"])
  func `a shard that is none is refused with the form`(argument: String) {
    #expect(throws: InputError.self) { try Shard(argument: argument) }
  }

  @Test func `a shard reads as it is written`() throws {
    #expect(try Shard(argument: "2/8") == Shard(index: 2, count: 8))
    #expect(try Shard(argument: "2/8").argument == "2/8")
  }
}
