import Foundation
import Kernels
import Machines
import PlanSupport
import Profiler
import Support
import Testing

@testable import Measurement
@testable import Plans
@testable import RunStore
@testable import Studies

/// Shapes and counts that no machine holds are reported, and neither expanded nor built.
@Suite struct LargeShapeTests {
  private let most = "2147483648"

  private func points(_ body: String) throws -> [Point] { try Plan(experiment(body), cpuCount: 2).points }

  @Test(arguments: ["fp32", "bf16", "int8"], ["dense", "lookup"])
  func `the largest shape is a point with a reason, beside others that run`(dtype: String, kernel: String) throws {
    let points = try points(
      """
      defaults: {dtype: \(dtype)}
      sweeps:
        - name: a
          set: {kernel: \(kernel), hidden: \(most), intermediate: \(most), tables: \(most), table_rows: \(most)}
          axes: {tokens: [\(most)]}
        - {name: b, set: {kernel: \(kernel), hidden: 64, tokens: 8, tables: 4, table_rows: 16, dtype: fp32}}
      """)
    #expect(points[0].memoryNeeded == .tooLarge && points[0].tableBytes == nil)
    #expect(points[0].infeasibility(topology: .read()) == "needs more than 2^63 bytes of memory")
    #expect(points[1].memoryShortage() == nil)
    // Properties of all points must be defined for these too.
    let plan = try Plan(
      jsonLines: Plan(points: points, sweeps: [["a"], ["b"]], order: [0, 1]).jsonLines(), file: "plan")
    #expect(plan.points == points)
    let estimate = TimeEstimate(Measure(), machines: 1)
    #expect(points.map { estimate.seconds($0).expected }.allSatisfy { $0.isFinite && $0 < 100 })
    #expect(estimate.projectionSeconds(points[0]).isFinite)
  }

  @Test(arguments: ["hidden", "tables", "table_rows", "tokens", "intermediate", "output", "threads"])
  func `each dimension at its largest makes a plan, a label and an estimate`(parameter: String) throws {
    let points = try points(
      """
      sweeps:
        - {name: a, set: {kernel: lookup, order: auto, codes: zipf(1), \(parameter): \(most)}}
        - {name: b, set: {kernel: lookup, projection: dense, partition: tables, \(parameter): \(most)}}
        - {name: c, set: {kernel: dense, \(parameter): \(most)}}
      """)
    for point in points {
      #expect(point.estimatedBytes > 0 && !point.label.isEmpty && point.id.count == 16)
      #expect(TimeEstimate(Measure(), machines: 3).seconds(point).expected.isFinite)
      #expect(AuditLayer(point).map { $0.products.allSatisfy { $0.m >= 1 } } != false)
    }
  }

  @Test func `a projection simulates a short batch, and skips what it cannot build`() throws {
    let experiment = try experiment(
      """
      defaults: {kernel: lookup, hidden: 64, tables: 4, table_rows: 16}
      sweeps:
        - {name: many-tokens, set: {tokens: \(most)}}
        - {name: many-tables, set: {tables: \(most), tokens: 8}}
        - {name: many-threads, set: {threads: \(most), tokens: 8}}
      """)
    let projector = Projector(runID: "", machines: [try MachineCatalogue.bundled().machine("epyc-7763")], host: nil)
    var messages: [String] = []
    let outcomes = try projector.outcomes(Plan(experiment, cpuCount: 2).points, experiment: experiment) {
      messages.append($0)
    }
    #expect(outcomes.map(\.rows.count) == [1])
    #expect(messages.count == 2)
    #expect(messages[0].contains("needs ") && messages[0].contains("of memory"), "\(messages)")
    #expect(messages[1].contains("has 2147483648 threads"), "\(messages)")
  }

  @Test func `a projection of a long batch is that of its first tokens`() throws {
    func rate(_ tokens: Int) throws -> Double? {
      let experiment = try experiment(
        "sweeps: [{name: a, set: {kernel: lookup, hidden: 64, tables: 4, table_rows: 16, codes: zipf(1), tokens: \(tokens)}}]"
      )
      let projector = Projector(runID: "", machines: [try MachineCatalogue.bundled().machine("epyc-7763")], host: nil)
      return try projector.rows(Plan(experiment, cpuCount: 2).points, experiment: experiment).first?.tokensPerSecond
    }
    #expect(try rate(20_000) == rate(40_000))
  }

  @Test func `tuning says what a shape would need before it measures the host`() throws {
    let point = try points(
      "sweeps: [{name: a, set: {kernel: lookup, order: auto, tables: \(most), table_rows: \(most)}}]")[0]
    let error = #expect(throws: InputError.self) { try Tuning.requireFeasible(point, topology: .read()) }
    #expect(error?.message == "needs more than 2^63 bytes of memory")
  }

  // MARK: - Counts

  @Test func `a sweep's points are counted before they are made`() {
    #expect(
      complaint(
        """
        sweeps:
          - {name: s, set: {kernel: lookup}, axes: {tokens: {range: [1, 10000, 1]}, seed: {range: [1, 10000, 1]}}}
        """)?.hasSuffix("sweep 's' has 100,000,000 points; at most 100,000 are planned") == true)
    let axes = ["tokens", "seed", "hidden", "tables", "output", "intermediate"].map { "\($0): {range: [1, 10000, 1]}" }
    #expect(
      complaint("sweeps: [{name: s, set: {kernel: lookup}, axes: {\(axes.joined(separator: ", "))}}]")?
        .contains("sweep 's' has more than 2^63 points") == true)
  }

  @Test func `axes that move together count once`() throws {
    let sweep = try experiment(
      """
      sweeps:
        - name: s
          set: {kernel: lookup}
          axes: {tokens: {range: [1, 1000, 1]}, hidden: {range: [1, 1000, 1]}, dtype: [fp32, bf16]}
          zip: [[tokens, hidden]]
      """
    ).sweeps[0]
    #expect(sweep.pointCount == CheckedSize(2000))
    #expect(sweep.assignments.count == 2000)
  }

  @Test func `all sweeps together, and their launches, are counted too`() {
    let sweeps = (1...11).map {
      "{name: s\($0), set: {kernel: lookup, seed: \($0)}, axes: {tokens: {range: [1, 10000, 1]}}}"
    }
    #expect(
      complaint("sweeps: [\(sweeps.joined(separator: ", "))]")?
        .contains("the sweeps have 110,000 points together; at most 100,000 are planned") == true)
    #expect(
      complaint(
        """
        sweeps: [{name: s, set: {kernel: lookup}, axes: {tokens: {range: [1, 2000, 1]}}}]
        measure: {launches: 1000}
        """)?.contains("2,000 points have 2,000,000 launches; at most 1,000,000 are planned") == true)
  }

  @Test func `more parts than points are refused with the number of points`() throws {
    let plan = try Plan(experiment("sweeps: [{name: a, set: {kernel: dense}, axes: {tokens: [1, 2]}}]"), cpuCount: 1)
    let error = #expect(throws: InputError.self) {
      try Shard(argument: "1/9223372036854775807").points(of: plan) { _ in 1 }
    }
    #expect(
      error?.description == "--shard: expected at most 2 parts, one for each point, found 9,223,372,036,854,775,807")
  }

  @Test func `a grid of machines is counted before it is made`() throws {
    let ranges = try [
      "l2=1MiB..8MiB:10000", "bandwidth=100..800:10000", "latency=10..100:10000", "lines=1..64:10000",
      "frequency=1..9:10000",
    ].map { try FigureRange($0) }
    let error = #expect(throws: InputError.self) { try MachineGrid.requireFew(ranges) }
    #expect(error?.message.contains("at most 200,000 machines, found more than 2^63") == true)
    let some = #expect(throws: InputError.self) { try MachineGrid.requireFew(Array(ranges.prefix(2))) }
    #expect(some?.message.contains("found 100,000,000") == true)
  }

  @Test func `machines for all questions and points together are counted`() throws {
    let experiment = try experiment(
      "sweeps: [{name: a, set: {kernel: lookup, hidden: 64}, axes: {tokens: {range: [1, 100, 1]}}}]")
    let error = #expect(throws: InputError.self) {
      try Exploration(
        Plan(experiment, cpuCount: 1).points, experiment: experiment,
        bases: [MachineCatalogue.bundled().machine("epyc-7763")], targets: [ExplorationTarget("min l2 tokens>=1")],
        vary: [FigureRange("l2=1MiB..8MiB:1000"), FigureRange("latency=10..100:100")])
    }
    #expect(
      error?.message.contains("100,000 machines for each of 100 look-up points") == true, "\(error?.message ?? "")")
  }

  @Test(arguments: ["cores=1..1e300", "l2=1MiB..9000000TiB", "simd=1e20", "bandwidth=0..10", "latency=nan"])
  func `a figure beyond any machine is refused`(text: String) {
    #expect(throws: InputError.self) { try FigureRange(text) }
  }

  // MARK: - Reasons

  @Test func `the reason names what is needed, what is available and what sets the limit`() throws {
    let point = try points("sweeps: [{name: a, set: {kernel: lookup, tables: 65536, hidden: 64, tokens: 32}}]")[0]
    let reason = point.memoryShortage(AvailableMemory(bytes: 1 << 30, limit: "the limit of the address space"))
    #expect(reason?.hasPrefix("needs 8.") == true, "\(reason ?? "")")
    #expect(reason?.hasSuffix("of memory, 1GiB are available by the limit of the address space") == true)
  }

  @Test func `a layer file of impossible dimensions is refused`() {
    for (key, value) in [("num_table", "-1"), ("table_size", "48"), ("hidden_size", "9223372036854775807")] {
      var metadata = [
        "num_table": "4", "table_size": "16", "hidden_size": "64", "output_size": "64", "block_size": "16",
        "projection": "bh4",
      ]
      #expect(throws: Never.self) { try LayerShape(metadata: metadata, file: "l") }
      metadata[key] = value
      let error = #expect(throws: InputError.self) { try LayerShape(metadata: metadata, file: "l") }
      #expect(error?.key == "__metadata__.\(key)")
    }
  }
}
