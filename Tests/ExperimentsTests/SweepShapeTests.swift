import Foundation
import Kernels
import PlanSupport
import Support
import Testing

@testable import Plans

/// Zip, exclude, include, constraints and order in experiment files.
@Suite struct SweepShapeTests {
  private func points(_ lines: String) throws -> [Point] { try Plan(experiment(lines), cpuCount: 2).points }

  // MARK: - Zip

  @Test func `zipped axes move together, where the first of them stands`() throws {
    let points = try points(
      """
      sweeps:
        - name: a
          set: {kernel: dense}
          axes: {hidden: [64, 128], tokens: [1, 2], intermediate: [256, 512]}
          zip: [[hidden, intermediate]]
      """)
    #expect(
      points.map { [$0.hidden, $0.intermediate ?? 0, $0.tokens] } == [
        [64, 256, 1], [64, 256, 2], [128, 512, 1], [128, 512, 2],
      ])
  }

  @Test(arguments: [
    ("[[hidden, tokens]]", "sweeps[0].zip[0]: expected axes of one length, found hidden 2, tokens 3"),
    ("[[hidden]]", "expected at least two axes"),
    ("[[hidden, tables]]", "expected an axis of the sweep, found 'tables'"),
    ("[[hidden, hiden]]", "did you mean 'hidden'?"), ("[[hidden, hidden]]", "expected each axis once"),
  ])
  func `a zip that cannot be meant is refused`(_ zip: String, _ expected: String) {
    let message = complaint(
      "sweeps: [{name: a, set: {kernel: dense}, axes: {hidden: [64, 128], tokens: [1, 2, 3]}, zip: \(zip)}]")
    #expect(message?.contains(expected) == true, "\(message ?? "no complaint")")
  }

  // MARK: - Exclude

  @Test func `a point is left out where every condition of a rule holds`() throws {
    let axes = "axes: {table_rows: [16, 256, 1024], threads: [1, all], memory: [local, interleave]}"
    func count(_ rules: String) throws -> Int {
      try points("sweeps: [{name: a, set: {kernel: lookup}, \(axes), exclude: \(rules)}]").count
    }
    #expect(try count("[{threads: 1, memory: interleave}]") == 9)
    #expect(try count("[{table_rows: {at_least: 256}, threads: [1, 2]}]") == 4)
    #expect(try count("[{threads: all}]") == 6)
    #expect(try count("[{threads: 2}]") == 6)
    #expect(try count("[{table_rows: {at_least: 100, at_most: 300}}, {memory: interleave}]") == 4)
    // Also by values that the experiment does not set.
    #expect(
      complaint("exclude: [{dtype: fp32}]\nsweeps: [{name: a, set: {kernel: lookup}}]")?.contains("all of them") == true
    )
  }

  @Test(arguments: [
    ("[{}]", "expected at least one condition"), ("[{table_row: 16}]", "did you mean 'table_rows'?"),
    ("[{memory: {at_least: 1}}]", "memory is not a number"),
    ("[{table_rows: {}}]", "expected at_least, at_most or both"),
    ("[{table_rows: 17}]", "expected a power of two"),
  ])
  func `a rule that cannot be meant is refused`(_ rules: String, _ expected: String) {
    let message = complaint("sweeps: [{name: a, set: {kernel: lookup}, exclude: \(rules)}]")
    #expect(message?.contains(expected) == true, "\(message ?? "no complaint")")
  }

  // MARK: - Include

  private let common = """
    schema: lookahead/experiment/1
    defaults: {kernel: lookup, tokens: 64, hidden: 128}
    measure: {min_samples: 7, max_seconds: 3}
    machines: [grace]
    sweeps: [{name: base, set: {tables: 16}}]
    """

  private let main = """
    schema: lookahead/experiment/1
    name: main
    include: [parts/common.yaml]
    defaults: {tokens: 32}
    measure: {max_seconds: 1}
    sweeps: [{name: own, axes: {tables: [32, 64]}}]
    """

  @Test func `an included file gives what the experiment does not say itself`() throws {
    try withTemporaryDirectory { path in
      let parts = "\(path)/parts"
      try FileManager.default.createDirectory(atPath: parts, withIntermediateDirectories: true)
      try common.write(toFile: "\(parts)/common.yaml", atomically: true, encoding: .utf8)
      let file = "\(path)/main.yaml"
      try main.write(toFile: file, atomically: true, encoding: .utf8)
      let experiment = try Experiment(contentsOf: file)
      #expect(experiment.name == "main")
      #expect(experiment.sweeps.map(\.name) == ["base", "own"])
      #expect(experiment.measure.minSamples == 7)
      #expect(experiment.measure.maxSeconds == 1)
      #expect(experiment.machines == ["grace"])
      let points = try Plan(experiment, cpuCount: 1).points
      #expect(
        points.map { [$0.hidden, $0.tokens, $0.tables ?? 0] } == [[128, 32, 16], [128, 32, 32], [128, 32, 64]])

      // The text is complete: it reads the same without the files, and again from its own output.
      try FileManager.default.removeItem(atPath: parts)
      let again = try Experiment(text: experiment.text, file: file)
      #expect(again == experiment)
      #expect(throws: InputError.self) { try Experiment(contentsOf: file) }
    }
  }

  @Test func `a mistake in an included file is told with that file's name and line`() throws {
    try withTemporaryDirectory { path in
      try common.replacingOccurrences(of: "min_samples", with: "min_sample")
        .write(toFile: "\(path)/common.yaml", atomically: true, encoding: .utf8)
      let text = main.replacingOccurrences(of: "parts/common.yaml", with: "common.yaml")
      do {
        _ = try Experiment(text: text, file: "\(path)/main.yaml")
        Issue.record("expected a complaint")
      } catch {
        #expect("\(error)".contains("common.yaml:3: measure.min_sample: unknown key; did you mean 'min_samples'?"))
      }
    }
  }

  @Test func `a file that includes itself by way of another is refused`() throws {
    try withTemporaryDirectory { path in
      for (name, other) in [("a", "b"), ("b", "a")] {
        try
          "schema: lookahead/experiment/1\nname: \(name)\ninclude: [\(other).yaml]\nsweeps: [{name: \(name), set: {kernel: dense}}]\n"
          .write(toFile: "\(path)/\(name).yaml", atomically: true, encoding: .utf8)
      }
      do {
        _ = try Experiment(contentsOf: "\(path)/a.yaml")
        Issue.record("expected a complaint")
      } catch { #expect("\(error)".contains("b.yaml:3"), "\(error)") }
    }
  }

  // MARK: - Order and variants

  @Test func `points run as written where the experiment says so`() throws {
    let sweeps = "sweeps: [{name: a, set: {kernel: dense}, axes: {tokens: {range: [1, 20, 1]}}}]"
    #expect(try Plan(experiment("order: as-written\n" + sweeps), cpuCount: 1).order == Array(0..<20))
    #expect(try Plan(experiment(sweeps), cpuCount: 1).order != Array(0..<20))
    #expect(complaint("order: sorted\n" + sweeps)?.contains("expected one of random, as-written") == true)
  }

  @Test func `variants are points of their own, and a point without one keeps its id`() throws {
    let plain = try points("sweeps: [{name: a, set: {kernel: dense}}]")
    let variants = try points("sweeps: [{name: a, set: {kernel: dense}, axes: {variant: [a, b]}}]")
    #expect(variants.count == 2)
    #expect(Set((plain + variants).map(\.id)).count == 3)
    #expect(try !plain[0].canonicalJSON().contains("variant"))
    #expect(variants[1].label.hasSuffix("variant=b"))
  }

  // MARK: - Codes

  @Test func `codes may follow Zipf's law, with one spelling for an exponent`() throws {
    let axes = "axes: {codes: [uniform, zipf(0.5), zipf(1.0), zipf(2)]}"
    let points = try points("sweeps: [{name: a, set: {kernel: lookup}, \(axes)}]")
    #expect(points.map { $0.codes?.rawValue } == ["uniform", "zipf(0.5)", "zipf(1)", "zipf(2)"])
    #expect(points[2].label.contains("zipf(1)"))
    #expect(points[1].estimatedBytes > points[0].estimatedBytes)
    let restored = try CanonicalJSON.decode(Point.self, from: points[1].canonicalJSON())
    #expect(restored == points[1])
    for wrong in ["zipf", "zipf(-1)", "zipf(11)", "zipf(x)", "zipfian(1)"] {
      let message = complaint("sweeps: [{name: a, set: {kernel: lookup, codes: \(wrong)}}]")
      #expect(message?.contains("expected uniform, recorded or zipf(s)") == true, "\(message ?? "no complaint")")
    }
  }

  // MARK: - Constraints

  private func constraints(_ lines: String, overrides: [String] = []) throws -> [Constraint] {
    try experiment("constraints: \(lines)\nsweeps: [{name: a, set: {kernel: dense}}]", overrides: overrides).constraints
  }

  @Test func `a constraint holds, warns or refuses by the machine's facts`() throws {
    let facts = [
      "governor": "powersave", "numa_balancing": "1", "load_average_1min": "0.7",
      "memory_available_bytes": "1073741824",
    ]
    func violations(_ lines: String) throws -> [Constraint.Violation] {
      try constraints(lines).compactMap { $0.violation { facts[$0] } }
    }
    #expect(try violations("{governor: warn}").map(\.message) == ["governor: expected performance, found powersave"])
    #expect(try violations("{governor: {is: powersave, otherwise: fail}}").isEmpty)
    #expect(try violations("{numa_balancing: fail}").map(\.severity) == [.fail])
    #expect(try violations("{load_average: {at_most: 1, otherwise: fail}}").isEmpty)
    #expect(
      try violations("{free_memory: {at_least: 2GiB, otherwise: fail}}").map(\.message)
        == ["free_memory: expected at least 2GiB, found 1GiB"])
    // A fact that the system does not report is no reason to refuse.
    #expect(try violations("{smt: {is: off, otherwise: fail}}").map(\.severity) == [.warn])
  }

  @Test func `severe violations end a run, others are told`() throws {
    let both = try constraints("{governor: warn, numa_balancing: fail}")
    var told: [String] = []
    let facts = ["governor": "powersave", "numa_balancing": "0"]
    try both.enforce({ facts[$0] }, file: "x.yaml") { told.append($0) }
    #expect(told == ["constraint governor: expected performance, found powersave"])
    #expect(throws: ConstraintFailure.self) { try both.enforce({ _ in "1" }, file: "x.yaml") { _ in } }
  }

  @Test(arguments: [
    ("{governer: warn}", "did you mean 'governor'?"), ("{governor: perhaps}", "expected one of warn, fail"),
    ("{free_memory: warn}", "expected {at_least: value"), ("{governor: {at_most: 1}}", "expected is"),
    ("{load_average: {is: 1}}", "expected at_most or at_least"), ("{smt: {otherwise: warn}}", "found 0"),
  ])
  func `a constraint that cannot be meant is refused`(_ lines: String, _ expected: String) {
    do {
      _ = try constraints(lines)
      Issue.record("expected a complaint")
    } catch { #expect("\(error)".contains(expected), "\(error)") }
  }

  @Test func `a constraint can be changed from the command line`() throws {
    let changed = try constraints("{governor: fail}", overrides: ["constraints.governor=warn"])
    #expect(changed.map(\.otherwise) == [.warn])
  }
}
