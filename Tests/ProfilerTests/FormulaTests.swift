import Support
import Testing

@testable import Profiler

struct FormulaTests {
  @Test func `a formula of a hundred thousand terms is refused, one of hundreds is not`() throws {
    let long = Array(repeating: "1", count: 100_000).joined(separator: "+")
    #expect(throws: InputError("expected a formula of at most 16384 bytes, found 199999")) { try Formula(long) }
    let many = Array(repeating: "1", count: 600).joined(separator: "*")
    #expect(throws: InputError.self) { try Formula(many) }
    #expect(try Formula(Array(repeating: "1", count: 400).joined(separator: "+")).value(of: []) == 400)
  }

  @Test func `a value that is not finite is missing, and a number that is not is refused`() throws {
    #expect(try Formula("1e308 * 10").value(of: []) == nil)
    #expect(throws: InputError.self) { try Formula("1e400") }
    #expect(throws: InputError.self) { try Formula("010") }
  }

  private func value(_ text: String, seconds: Double? = 2) throws -> Double? {
    let readings = [
      CounterReading(event: "p::A", value: 10, quality: .exact),
      CounterReading(event: "p::B:U", value: 4, quality: .scaled),
      CounterReading(event: "p::ZERO", value: 0, quality: .exact),
      CounterReading(event: "p::NONE", quality: .notCounted, reason: "never ran"),
    ]
    var words: [Formula.Word: Double] = [.threads: 3, .instructions: 1000]
    words[.seconds] = seconds
    return try Formula(text).value(of: readings, words: words)
  }

  @Test(
    arguments: [
      ("1", 1), ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("8 / 4 / 2", 1), ("8 - 4 - 2", 2), ("'p::A' / 'p::B:U'", 2.5),
      ("'p::A'/seconds/threads", 10.0 / 2 / 3), ("1e9", 1e9), ("64*'p::B:U'", 256),
      ("1000 * 'p::A' / instructions", 10),
    ] as [(String, Double)])
  func `arithmetic has the standard precedence and associativity`(text: String, expected: Double) throws {
    #expect(try value(text) == expected)
  }

  @Test(arguments: ["'p::NONE'", "1 + 'p::NONE'", "'p::OTHER'", "'p::A' / cycles", "1 / 'p::ZERO'", "0 * 'p::NONE'"])
  func `a formula with a missing event or a division by zero has no value`(text: String) throws {
    #expect(try value(text) == nil)
  }

  @Test func `a rate without a time has no value`() throws {
    #expect(try value("'p::A' / seconds", seconds: nil) == nil)
  }

  @Test func `a formula lists its events and its words`() throws {
    let formula = try Formula("'b' / 'a' + 'b' * cycles / seconds - cycles")
    #expect(formula.events == ["b", "a"])
    #expect(formula.words == [.cycles, .seconds])
  }

  @Test(
    arguments: [
      "", "1 +", "(1", "1)", "'a", "''", "hours", "1 2", "-1", "1..2", "*", String(repeating: "(", count: 10_000),
    ])
  func `nonsense is an error`(text: String) {
    #expect(throws: InputError.self) { try Formula(text) }
  }
}

struct CounterMetricTests {
  private func group(_ formula: String) throws -> CounterGroup {
    let text = """
      name: a
      description: b
      pmu: p
      events: ["p::A", "p::B"]
      metrics:
        - {name: ratio, unit: 1/1, formula: "\(formula)"}
      """
    return try CounterGroup(yaml: YAMLValue(text: text, file: "group.yaml"))
  }

  @Test func `a formula over an event that the group does not count is an error with its line`() throws {
    let error = try #require(throws: InputError.self) { try group("'p::C'") }
    #expect(error.file == "group.yaml")
    #expect(error.key == "metrics[0].formula")
    #expect(error.message.contains("p::C"))
  }

  @Test func `a malformed formula is an error with its line`() throws {
    let error = try #require(throws: InputError.self) { try group("1 +") }
    #expect(error.line != nil)
    #expect(error.key == "metrics[0].formula")
  }
}
