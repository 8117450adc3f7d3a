import Foundation
import Kernels
import Support
import Testing

@testable import Plans

private let root = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The table of parameters, and everything derived from it.
@Suite struct ParameterTests {
  @Test func `every parameter has a name of its own, and every column of results too`() {
    #expect(Set(Parameter.names).count == Parameter.names.count)
    #expect(Set(Networks.columns.map(\.name)).count == Networks.columns.count)
    for parameter in Parameter.all {
      #expect(Parameter.named(parameter.name) == parameter)
      #expect(parameter.meaning.hasSuffix("."), "\(parameter.name)")
    }
  }

  @Test func `networks that share a parameter mean the same by it`() {
    let all = Networks.all.flatMap { $0.parameters }
    for parameter in all {
      let namesakes = all.filter { $0 == parameter }
      #expect(Set(namesakes.map(\.meaning)).count == 1, "\(parameter.name)")
    }
  }

  @Test(arguments: KernelKind.allCases)
  func `the default of a network's parameter is a value that it admits`(_ kind: KernelKind) throws {
    for parameter in kind.network.parameters {
      switch parameter.standard.value {
      case .int(let number)?: #expect(parameter.domain.accepts(number))
      case .text(let text)?: #expect(try parameter.value(YAMLValue(text: text, file: "f")) == .text(text))
      case nil: break
      }
    }
    let plan = try Plan(
      experiment("sweeps: [{name: a, set: {kernel: \(kind.rawValue)}}]"), cpuCount: 1)
    let point = try #require(plan.points.first)
    for parameter in kind.network.parameters {
      if let value = parameter.standard.value { #expect(point.value(of: parameter) == value, "\(parameter.name)") }
    }
  }

  /// The parameters of a point make the same point again.
  @Test(arguments: KernelKind.allCases)
  func `a point's parameters make the point again`(_ kind: KernelKind) throws {
    let lines = "sweeps: [{name: a, set: {kernel: \(kind.rawValue), threads: 2, tokens: 300, memory: interleave}}]"
    let point = try #require(try Plan(experiment(lines), cpuCount: 2).points.first)
    let values = Parameter.all.compactMap { parameter in
      point.value(of: parameter).map { "\(parameter.name): \($0.text)" }
    }
    let again = try Plan(
      experiment("sweeps: [{name: a, set: {\(values.joined(separator: ", "))}}]"), cpuCount: 2)
    #expect(again.points == [point])
  }

  @Test func `docs/reference/formats.md has the table of parameters`() throws {
    let text = try String(contentsOf: root.appendingPathComponent("docs/reference/formats.md"), encoding: .utf8)
    #expect(text.contains(Self.table), "put this into docs/reference/formats.md:\n\(Self.table)")
  }

  private static var table: String {
    let rows = Parameter.all.map { "| `\($0.name)` | \(values($0.domain)) | \($0.meaning) | \(standard($0)) |" }
    return (["| point parameter | values | meaning | default |", "|---|---|---|---|"] + rows).joined(separator: "\n")
  }

  private static func values(_ domain: ParameterDomain) -> String {
    switch domain {
    case .number(let range): return range.lowerBound == 0 ? "a whole number" : "a whole number from \(range.lowerBound)"
    case .count(_, let word): return "a whole number from 1, or `\(word)`"
    case .names(let names): return names.map { "`\($0)`" }.joined(separator: ", ")
    default: return domain.expectation
    }
  }

  private static func standard(_ parameter: Parameter) -> String {
    switch parameter.standard {
    case .value(let value): return "`\(value.text)`"
    case .follows(let words): return words
    case .required: return "required"
    }
  }
}
