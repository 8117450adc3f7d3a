import Support
import Testing

@testable import Profiler

struct TrafficFormulaTests {
  private func group(_ traffic: String, scope: String = "thread") throws -> CounterGroup {
    let text = """
      name: a
      description: b
      pmu: p
      scope: \(scope)
      events: [\(scope == "thread" ? "\"p::A\", \"p::B\"" : "\"p/a/\", \"p/b/\"")]
      traffic: \(traffic)
      """
    return try CounterGroup(yaml: YAMLValue(text: text, file: "group.yaml"))
  }

  private func problem(_ traffic: String, scope: String = "thread") throws -> InputError {
    try #require(throws: InputError.self) { try group(traffic, scope: scope) }
  }

  @Test func `a quantity is a formula, or one that says what its events leave out`() throws {
    let group = try group(
      #"{l2_fills: "'p::B'", l1_fills: {formula: "'p::A' + 'p::B'", leaves_out: prefetches}}"#)
    #expect(group.traffic.map(\.quantity) == [.l1Fills, .l2Fills])
    #expect(group.traffic.map(\.leavesOut) == ["prefetches", nil])
    #expect(group.traffic[0].formula.events == ["p::A", "p::B"])
    #expect(try self.group("{}").traffic.isEmpty)
  }

  @Test func `an unknown quantity is an error that names the nearest`() throws {
    let error = try problem(#"{l1_fill: "'p::A'"}"#)
    #expect(error.file == "group.yaml" && error.message.contains("did you mean 'l1_fills'?"))
  }

  @Test func `a formula needs events of its group, and no words`() throws {
    #expect(try problem(#"{l1_fills: "'p::C'"}"#).message.contains("p::C"))
    #expect(try problem(#"{l1_fills: "'p::A' / seconds"}"#).message.contains("events alone"))
    #expect(try problem(#"{l1_fills: "64"}"#).message.contains("events alone"))
  }

  @Test func `a lower bound says what it leaves out`() throws {
    #expect(try problem(#"{l1_fills: {formula: "'p::A'"}}"#).key == "traffic.l1_fills.leaves_out")
  }

  @Test func `a socket knows memory and links, and nothing of cores`() throws {
    #expect(try group(#"{memory_reads: "'p/a/'"}"#, scope: "socket").traffic.count == 1)
    #expect(try problem(#"{l1_fills: "'p/a/'"}"#, scope: "socket").message.contains("unknown key"))
  }

  @Test func `every CPU with a group of its own says what its traffic is`() throws {
    let groups = try CounterGroup.all().filter { $0.cpu != nil && $0.topic != nil }
    #expect(groups.allSatisfy { !$0.traffic.isEmpty })
    // Those that count lines say how many enter the first level.
    for group in groups where group.topic == "lines" || group.name.hasPrefix("zen") && group.topic == "cache" {
      #expect(group.traffic.contains { $0.quantity == .l1Fills }, "\(group.name)")
    }
  }
}
