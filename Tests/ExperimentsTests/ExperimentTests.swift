import Foundation
import Kernels
import PlanSupport
import Support
import Testing

@testable import Plans

@Suite struct ExperimentTests {
  @Test func `an experiment reads its sweeps, measure, counters and machines`() throws {
    let experiment = try experiment(
      """
      question: which?
      seed: 7
      defaults: {kernel: lookup, tokens: 64}
      measure: {min_samples: 12, max_seconds: 3, multiplex: true}
      counters: [cache, tlb]
      machines: [turin-9755]
      sweeps:
        - name: sizes
          set: {threads: all}
          axes:
            table_rows: {pow2: [4, 6]}
            tables: {range: [32, 96, 32]}
            order: [token, sliced]
      """)
    #expect(experiment.seed == 7)
    #expect(experiment.measure.minSamples == 12)
    #expect(experiment.measure.maxSeconds == 3)
    #expect(experiment.measure.multiplex)
    #expect(!Measure().multiplex)
    #expect(experiment.counters == ["cache", "tlb"])
    #expect(experiment.machines == ["turin-9755"])
    #expect(experiment.sweeps[0].set[.threads] == .text("all"))
    #expect(experiment.sweeps[0].axes[0].values == [.int(16), .int(32), .int(64)])
    #expect(experiment.sweeps[0].axes[1].values == [.int(32), .int(64), .int(96)])
  }

  @Test(arguments: [
    ("tabel_rows: 4", "test.yaml:3: defaults.tabel_rows: unknown key; did you mean 'table_rows'?"),
    ("table_rows: 48", "test.yaml:3: defaults.table_rows: expected a power of two of at least 2, found 48"),
    ("tokens: many", "test.yaml:3: defaults.tokens: expected a whole number, found 'many'"),
    ("threads: 0", "test.yaml:3: defaults.threads: expected a number of threads of at least 1, or all, found '0'"),
    (
      "memory: nearby",
      "test.yaml:3: defaults.memory: expected local, remote, first-touch, interleave, node:N or replicated, found 'nearby'"
    ),
    ("dtype: fp8", "test.yaml:3: defaults.dtype: expected one of fp32, bf16, int8, found 'fp8'"),
  ])
  func `a bad parameter is refused with file, line, key and what was expected`(_ parameter: String, _ expected: String)
  {
    let message = complaint("defaults: {\(parameter)}\nsweeps: [{name: a, set: {kernel: dense}}]")
    #expect(message?.hasPrefix(expected) == true, "\(message ?? "no complaint")")
  }

  @Test(arguments: [
    ("{name: a, axes: {table_rows: [16, 17]}}", "sweeps[0].axes.table_rows[1]: expected a power of two"),
    ("{name: a, axes: {tokens: {pow2: [6, 4]}}}", "sweeps[0].axes.tokens.pow2: expected two exponents"),
    ("{name: a, axes: {tokens: {range: [1, 9, 0]}}}", "sweeps[0].axes.tokens.range: expected [low, high, step]"),
    ("{name: a, axes: {tokens: 5}}", "sweeps[0].axes.tokens: expected a list"),
    ("{name: a, axes: {tokens: []}}", "expected at least one value"),
    ("{name: a, axes: {tokens: [1, 1]}}", "expected each value once"),
    ("{name: a, set: {tokens: 1}, axes: {tokens: [1]}}", "expected tokens in either set or axes"),
    ("{name: a, axes: {memory: {pow2: [1, 2]}}}", "memory is not a number"),
    ("{axes: {tokens: [1]}}", "sweeps[0].name: expected this key, found none"),
    ("{name: a, set: {tokens: 1}}", "sweep 'a'.kernel: expected dense or lookup"),
    ("{name: a, set: {kernel: lookup, codes: recorded}}", "found recorded without a layer"),
    ("{name: a, set: {kernel: lookup, hidden: 48, block_size: 128}}", "expected at most 64"),
    ("{name: a, set: {kernel: lookup, layer: nowhere.safetensors}}", "found none at 'nowhere.safetensors'"),
  ])
  func `a bad sweep is refused`(_ sweep: String, _ expected: String) {
    let message = complaint("sweeps:\n  - \(sweep)")
    #expect(message?.contains(expected) == true, "\(message ?? "no complaint")")
  }

  @Test func `another schema, no sweeps and repeated names are refused`() {
    #expect(throws: InputError.self) { try Experiment(text: "schema: other\nname: a", file: "x") }
    #expect(complaint("sweeps: []")?.contains("at least one sweep") == true)
    #expect(complaint("sweeps: [{name: a}, {name: a}]")?.contains("'a' twice") == true)
  }

  @Test func `overrides reach measure, seed, defaults and a single sweep`() throws {
    let lines = """
      defaults: {kernel: lookup, tokens: 64}
      sweeps:
        - {name: a, axes: {tokens: [1, 2], tables: [2, 4]}}
        - {name: b}
      """
    let changed = try experiment(
      lines, overrides: ["measure.max_seconds=2", "seed=9", "defaults.tokens=32", "sweeps.a.tables=8", "machines=[m]"])
    #expect(changed.measure.maxSeconds == 2)
    #expect(changed.seed == 9)
    #expect(changed.defaults[.tokens] == .int(32))
    #expect(changed.sweeps[0].axes.map(\.parameter) == [.tokens])
    #expect(changed.sweeps[0].set[.tables] == .int(8))
    #expect(changed.machines == ["m"])
    #expect(changed.overrides.count == 5)
  }

  @Test func `a bare parameter wins over every axis`() throws {
    let lines = "defaults: {kernel: lookup}\nsweeps: [{name: a, axes: {tokens: [1, 2]}}, {name: b}]"
    let plan = try Plan(experiment(lines, overrides: ["tokens=16"]), cpuCount: 1)
    #expect(Set(plan.points.map(\.tokens)) == [16])
  }

  @Test(arguments: ["run #2", "a: b", "*star", "'run #2'"])
  func `a value given as one argument is kept whole`(value: String) throws {
    let plain = value.trimmingCharacters(in: ["'"])
    let read = try experiment(
      "sweeps: [{name: a, set: {kernel: lookup}}]", overrides: ["name=\(value)", "variant=\(value)"])
    #expect(read.name == plain)
    #expect(read.defaults[.variant] == .text(plain))
  }

  @Test(arguments: [
    ("tokens=010", "expected a whole number, found '010'"), ("tokens=1:30", "expected a whole number, found '1:30'"),
    ("measure.multiplex=yes", "expected true or false, found 'yes'"), ("counters=[cache] # all", "no comment"),
    ("tokens", "expected key=value"), ("tokenz=1", "did you mean 'tokens'?"), ("tokens=", "expected a value"),
    ("table_rows=3", "--set:1: table_rows: expected a power of two"), ("sweeps.aa.tokens=1", "did you mean 'a'?"),
    ("measure.max_second=1", "did you mean 'measure.max_seconds'?"), ("defaults.kernel=dense", "has no effect"),
    ("measure.multiplex=2", "expected true or false"), ("measure.multiplexx=true", "did you mean 'measure.multiplex'?"),
  ])
  func `an override that cannot be meant is refused`(_ override: String, _ expected: String) {
    let message = complaint("sweeps: [{name: a, set: {kernel: lookup}}]", overrides: [override])
    #expect(message?.contains(expected) == true, "\(message ?? "no complaint")")
  }
}
