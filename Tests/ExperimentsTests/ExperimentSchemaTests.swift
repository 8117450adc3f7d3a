import Foundation
import Support
import Testing
import Yams

@testable import Measurement
@testable import Plans

private let root = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// Every experiment that is shipped.
let shippedExperiments: [String] =
  ((try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("experiments").path)) ?? [])
  .filter { $0.hasSuffix(".yaml") }.sorted()

/// Compares the published schema with the parser.
@Suite struct ExperimentSchemaTests {
  @Test func `the published schema is the parser's`() throws {
    let published = try Data(contentsOf: root.appendingPathComponent("docs/experiment.schema.json"))
    let document = try JSONSerialization.jsonObject(with: published) as? NSDictionary
    let own = try JSONSerialization.jsonObject(with: Data(ExperimentSchema.json().utf8)) as? NSDictionary
    #expect(document == own, "run: lookahead schema > docs/experiment.schema.json")
  }

  @Test(arguments: shippedExperiments)
  func `a shipped experiment is one by the schema and by the parser`(_ name: String) throws {
    let path = root.appendingPathComponent("experiments/\(name)").path
    let experiment = try Experiment(contentsOf: path)
    let plan = try Plan(experiment, cpuCount: 2)
    #expect(experiment.question != nil, "each experiment asks a question")
    #expect(experiment.text.hasPrefix("#"), "and says in a comment which")
    #expect(!plan.points.isEmpty)
    let estimate = TimeEstimate(experiment.measure, machines: 1)
    for point in plan.points {
      let seconds = estimate.seconds(point)
      #expect(0 < seconds.pass && seconds.pass < seconds.expected && seconds.expected <= seconds.atMost)
    }
    let yaml = try #require(try Yams.load(yaml: readTextFile(path)))
    #expect(Schema.complaints(yaml).isEmpty, "\(Schema.complaints(yaml))")
  }

  private static let good = """
    schema: lookahead/experiment/1
    name: x
    sweeps:
      - name: a
        set: {kernel: lookup, threads: all, memory: node:1, codes: zipf(1.5), cpus: 0, pages: 4k}
        axes: {table_rows: {pow2: [4, 6]}, tokens: [1, 2, 3], tables: {range: [1, 3, 1]}, dtype: [fp32]}
        zip: [[table_rows, tokens, tables]]
        exclude: [{tokens: {at_most: 1}, dtype: [fp32, bf16]}]
    measure: {min_samples: 9, max_seconds: 0.5, multiplex: true, calibrate: every-launch}
    constraints: {governor: warn, free_memory: {at_least: 1GiB, otherwise: fail}}
    order: as-written
    """

  @Test(arguments: [
    ("name: x", "nome: x"), ("kernel: lookup", "kernel: lockup"), ("threads: all", "threads: some"),
    ("memory: node:1", "memory: nearby"), ("zipf(1.5)", "zipf"), ("pow2: [4, 6]", "pow3: [4, 6]"),
    ("tokens: [1, 2, 3]", "tokens: 1"), ("dtype: [fp32]", "dtype: [fp8]"), ("min_samples", "min_sample"),
    ("governor: warn", "governor: perhaps"), ("as-written", "sorted"), ("every-launch", "always"),
    ("multiplex: true", "multiplex: 1"), ("at_most: 1}", "atmost: 1}"),
    ("table_rows: {pow2: [4, 6]}", "table_rows: [17, 32, 64]"), ("tokens: [1, 2, 3]", "tokens: [0, 2, 3]"),
  ])
  func `what the parser refuses as misspelt, the schema refuses too`(_ before: String, _ after: String) throws {
    #expect(Schema.complaints(try #require(try Yams.load(yaml: Self.good))).isEmpty)
    _ = try Plan(Experiment(text: Self.good, file: "good.yaml"), cpuCount: 2)
    let bad = Self.good.replacingOccurrences(of: before, with: after)
    #expect(bad != Self.good)
    #expect(throws: InputError.self) { try Plan(Experiment(text: bad, file: "bad.yaml"), cpuCount: 2) }
    #expect(!Schema.complaints(try #require(try Yams.load(yaml: bad))).isEmpty)
  }
}

/// The keywords of JSON Schema that the document uses; any other keyword is an error, so that none goes unchecked.
private enum Schema {
  static func complaints(_ value: Any) -> [String] { complaints(value, ExperimentSchema.document, "") }

  private static func complaints(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
    var found: [String] = []
    func require(_ holds: Bool, _ keyword: String) { if !holds { found.append("\(path): \(keyword)") } }
    let (list, object) = (value as? [Any], value as? [String: Any])
    for (keyword, rule) in schema {
      switch keyword {
      case "$schema", "$defs", "title", "description": break
      case "$ref":
        let name = (rule as? String)?.split(separator: "/").last.map(String.init) ?? ""
        let definitions = ExperimentSchema.document["$defs"] as? [String: [String: Any]]
        found += complaints(value, definitions?[name] ?? ["unknown": name], path)
      case "type":
        let types = rule as? [String] ?? (rule as? String).map { [$0] } ?? []
        require(types.contains { isOf($0, value) }, "type \(types)")
      case "const": require("\(value)" == "\(rule)", keyword)
      case "enum": require((rule as? [Any] ?? []).contains { "\($0)" == "\(value)" }, keyword)
      case "pattern":
        guard let text = value as? String, let pattern = rule as? String else { continue }
        require(text.range(of: pattern, options: .regularExpression) != nil, keyword)
      case "minimum": require((number(value) ?? 0) >= (number(rule) ?? 0), keyword)
      case "maximum": require((number(value) ?? 0) <= (number(rule) ?? 0), keyword)
      case "minItems": require((list?.count ?? .max) >= (rule as? Int ?? 0), keyword)
      case "maxItems": require((list?.count ?? 0) <= (rule as? Int ?? 0), keyword)
      case "uniqueItems": require(Set((list ?? []).map { "\($0)" }).count == (list ?? []).count, keyword)
      case "items":
        for (index, item) in (list ?? []).enumerated() {
          found += complaints(item, rule as? [String: Any] ?? [:], "\(path)[\(index)]")
        }
      case "anyOf":
        require((rule as? [[String: Any]] ?? []).contains { complaints(value, $0, path).isEmpty }, keyword)
      case "required": require((rule as? [String] ?? []).allSatisfy { object?[$0] != nil }, keyword)
      case "additionalProperties":
        let known = schema["properties"] as? [String: Any] ?? [:]
        for key in (object ?? [:]).keys where known[key] == nil { found.append("\(path).\(key): unknown") }
      case "properties":
        for (key, part) in rule as? [String: [String: Any]] ?? [:] {
          if let member = object?[key] { found += complaints(member, part, "\(path).\(key)") }
        }
      default: found.append("\(path): unknown keyword \(keyword)")
      }
    }
    return found
  }

  private static func number(_ value: Any) -> Double? { (value as? Double) ?? (value as? Int).map(Double.init) }

  private static func isOf(_ type: String, _ value: Any) -> Bool {
    switch type {
    case "object": return value is [String: Any]
    case "array": return value is [Any]
    case "string": return value is String
    case "boolean": return value is Bool
    case "integer": return value is Int
    default: return number(value) != nil
    }
  }
}
