import Foundation
import Kernels
import PlanSupport
import Support
import Testing

@testable import Plans

@Suite struct PlanTests {
  @Test func `all threads are as many as the placement has CPUs for`() throws {
    let lines = "sweeps: [{name: a, set: {kernel: dense, threads: all}, axes: {cpus: [compact, scatter, l3, '0,2,5']}}]"
    let plan = try Plan(experiment(lines), cpuCount: 16, clusterCount: 2)
    #expect(plan.points.map(\.threads) == [16, 16, 2, 3])
  }

  @Test func `a dense point is planned once, not once per table size`() throws {
    let plan = try Plan(
      experiment(
        """
        sweeps:
          - {name: a, axes: {kernel: [dense, lookup], table_rows: {pow2: [4, 8]}, order: [token, sliced]}}
          - {name: b, set: {kernel: dense}}
        """), cpuCount: 1)
    #expect(plan.points.filter { $0.kernel == .dense }.map(\.sweep) == ["a"])
    #expect(plan.points.filter { $0.kernel == .lookup }.count == 5 * 2)
    #expect(Set(plan.points.map(\.id)).count == plan.points.count)
    #expect(plan.sweeps[0] == ["a", "b"])
    #expect(plan.sweeps.dropFirst().allSatisfy { $0 == ["a"] })
  }

  @Test func `settings that an order ignores do not multiply its points`() throws {
    let plan = try Plan(
      experiment("sweeps: [{name: a, set: {kernel: lookup, order: token}, axes: {table_group: [1, 2, 4]}}]"),
      cpuCount: 1)
    #expect(plan.points.count == 1)
  }

  @Test func `an open strategy is one point, whatever walk is set beside it`() throws {
    let plan = try Plan(
      experiment("sweeps: [{name: a, set: {kernel: lookup, order: auto}, axes: {token_tile: [512, 1024]}}]"),
      cpuCount: 1)
    #expect(plan.points.count == 1)
    #expect(plan.points[0].network.isOpen)
  }

  @Test func `one thread has nothing to divide, two can divide tokens or tables`() throws {
    let plan = try Plan(
      experiment("sweeps: [{name: a, set: {kernel: lookup}, axes: {threads: [1, 2], partition: [tokens, tables]}}]"),
      cpuCount: 2)
    #expect(
      plan.points.map { [$0.value(of: .threads)?.text, $0.value(of: .partition)?.text] } == [
        ["1", "tokens"], ["2", "tokens"], ["2", "tables"],
      ])
  }

  @Test func `group prefetch is on, off or left to the schedule`() throws {
    let plan = try Plan(
      experiment("sweeps: [{name: a, set: {kernel: lookup}, axes: {group_prefetch: [auto, on, off]}}]"), cpuCount: 1)
    #expect(plan.points.map { $0.strategy?.groupPrefetch } == [nil, .on, .off])
    let standard = try Plan(experiment("sweeps: [{name: a, set: {kernel: lookup}}]"), cpuCount: 1)
    #expect(standard.points.first?.id == plan.points.first?.id)
  }

  @Test func `wrong words for a strategy or a partition are answered with those that there are`() {
    #expect(
      complaint("sweeps: [{name: a, set: {kernel: lookup, order: atuo}}]")?
        .hasSuffix("expected one of auto, token, table, sliced, found 'atuo'") == true)
    #expect(
      complaint("sweeps: [{name: a, set: {kernel: lookup, group_prefetch: yes}}]")?
        .hasSuffix("expected one of auto, on, off, found 'yes'") == true)
    #expect(
      complaint("sweeps: [{name: a, set: {kernel: lookup, partition: rows}}]")?
        .hasSuffix("expected one of tokens, tables, found 'rows'") == true)
  }

  @Test func `all threads stands for the CPUs of this machine, and merges with the same number`() throws {
    let plan = try Plan(
      experiment("sweeps: [{name: a, set: {kernel: dense}, axes: {threads: [1, 4, all]}}]"), cpuCount: 4)
    #expect(plan.points.map(\.threads) == [1, 4])
  }

  @Test func `the order is a permutation that depends on the seed alone`() throws {
    let lines = "sweeps: [{name: a, set: {kernel: dense}, axes: {tokens: {range: [1, 50, 1]}}}]"
    let first = try Plan(experiment(lines), cpuCount: 1)
    let again = try Plan(experiment(lines), cpuCount: 1)
    let other = try Plan(experiment(lines, overrides: ["seed=2"]), cpuCount: 1)
    #expect(first.order.sorted() == Array(0..<50))
    #expect(first.order != first.order.sorted())
    #expect(first.order == again.order)
    #expect(first.order != other.order)
  }

  @Test func `SplitMix64 gives the published sequence`() {
    // First outputs for seed 1234567, as listed by several independent implementations.
    var generator = RandomSource(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
  }

  @Test func `a plan is read with the line ends of other systems and with blank lines`() throws {
    let plan = try Plan(experiment("sweeps: [{name: a, axes: {kernel: [dense, lookup], tokens: [1, 2]}}]"), cpuCount: 1)
    let text = try plan.jsonLines()
    for spelled in [text.replacingOccurrences(of: "\n", with: "\r\n"), "\n" + text + "\r\n"] {
      #expect(try Plan(jsonLines: spelled, file: "plan.jsonl").points == plan.points)
    }
    let twice = text.replacingOccurrences(of: "\"position\":0", with: "\"position\":0,\"position\":0")
    #expect(throws: InputError.self) { try Plan(jsonLines: twice, file: "plan.jsonl") }
    // Sizes that no experiment may ask for.
    for (key, value) in [("tokens", "0"), ("threads", "-5"), ("hidden", "9223372036854775807")] {
      // A dense network has as many features in its output.
      let keys = key == "hidden" ? "hidden|output" : key
      let edited = text.replacing(try Regex("\"(\(keys))\":[0-9]+")) { "\"\($0.output[1].substring ?? "")\":\(value)" }
      let error = #expect(throws: InputError.self) { try Plan(jsonLines: edited, file: "plan.jsonl") }
      #expect(error.map { "\($0)" }?.hasPrefix("plan.jsonl:1: params.\(key): expected a") == true)
    }
  }

  @Test func `a plan survives its file, and a torn line is named`() throws {
    let plan = try Plan(
      experiment("sweeps: [{name: a, axes: {kernel: [dense, lookup], tokens: [1, 2, 3]}}]"), cpuCount: 1)
    let text = try plan.jsonLines()
    #expect(try Plan(jsonLines: text, file: "plan.jsonl") == plan)
    #expect(throws: InputError(file: "plan.jsonl", line: 6, "expected a point of a plan as one JSON object")) {
      try Plan(jsonLines: String(text.dropLast(20)), file: "plan.jsonl")
    }
  }

  @Test func `a layer file fixes the dimensions that it states`() throws {
    let layer = fixture("lookupffn-bh4-d96-padded.safetensors")
    let plan = try Plan(experiment("sweeps: [{name: a, set: {kernel: lookup, layer: \(layer)}}]"), cpuCount: 1)
    let point = try #require(plan.points.first)
    #expect(point.hidden == 96)
    #expect(point.output == 96)
    #expect(point.tables == 12)
    #expect(point.tableRows == 16)
    #expect(point.blockSize == 16)
    let message = complaint("sweeps: [{name: a, set: {kernel: lookup, layer: \(layer), tables: 3}}]")
    #expect(message?.contains("expected 12, which the layer file fixes, found 3") == true)
  }

  @Test func `a dense layer lends its recorded activations to a random hash`() throws {
    let layer = fixture("dense-ffn-minilm-l6-layer3.safetensors")
    let plan = try Plan(
      experiment(
        "sweeps: [{name: a, set: {codes: recorded, layer: \(layer)}, axes: {kernel: [dense, lookup], tables: [8, 16]}}]"
      ),
      cpuCount: 1)
    #expect(plan.points.map(\.hidden) == [384, 384, 384])
    #expect(plan.points.map(\.intermediate) == [1536, nil, nil])
    #expect(plan.points.map(\.codes) == [nil, .recorded, .recorded])
  }

  @Test func `a file that is no safetensors file is refused`() {
    let message = complaint("sweeps: [{name: a, set: {kernel: lookup, layer: \(#filePath)}}]")
    #expect(message?.contains("not safetensors") == true)
  }
}
