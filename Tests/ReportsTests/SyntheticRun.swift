import Foundation
import Kernels
import PlanSupport
import Profiler
import Testing

@testable import Measurement
@testable import Plans
@testable import Reports
@testable import RunStore
@testable import Statistics

/// A synthetic run: every number follows from the point by a simple formula, so that its reports are the same
/// everywhere. It has what real runs have: intervals, caches that overflow, failures, skips, missing counters, drift.
struct SyntheticRun {
  let directory: RunDirectory
  let host: String
  /// Samples lie within this fraction of the median.
  var scatter = 0.004

  /// The sweeps of a typical study.
  static let study = """
    schema: lookahead/experiment/1
    name: table-size
    question: Up to which table size does LookupFFN beat the dense network?
    seed: 3
    defaults: {tokens: 4096, tables: 128, column_slice: 128, table_group: 8, prefetch_rows: 0}
    measure: {max_seconds: 5}
    sweeps:
      - name: size
        axes:
          kernel: [dense, lookup]
          threads: [1, 2]
          table_rows: {pow2: [2, 12]}
      - name: placement
        set: {kernel: lookup, threads: 2}
        axes: {memory: [local, interleave], table_rows: {pow2: [4, 10]}}

    """

  /// Many strategies on few sizes with scattered samples, which crowd a plot.
  static let strategies = """
    schema: lookahead/experiment/1
    name: strategies
    defaults: {tokens: 4096, tables: 128, column_slice: 128, table_group: 8, prefetch_rows: 0}
    sweeps:
      - name: order
        axes:
          kernel: [dense, lookup]
          threads: [1, 2]
          order: [token, table, sliced]
          table_rows: {pow2: [2, 10]}
      - name: everything
        set: {kernel: lookup}
        axes: {threads: [1, 2], prefetch_rows: [1, 2, 4, 8, 16, 32], table_rows: {pow2: [2, 8]}}

    """

  /// Two measured points, one failed, one skipped: small enough to read the whole report.
  static let small = """
    schema: lookahead/experiment/1
    name: small
    sweeps:
      - name: a
        set: {tokens: 64, tables: 4, hidden: 8, intermediate: 32, block_size: 4, column_slice: 128, table_group: 8, prefetch_rows: 0}
        axes: {kernel: [dense, lookup], threads: [1, 2]}

    """

  init(_ text: String, at path: String, host: String = "testbench") throws {
    self.host = host
    let experiment = try Experiment(text: text, file: "study.yaml")
    let manifest = Manifest(
      experiment: experiment, commandLine: ["lookahead", "run", "study.yaml", "--output", "my runs"],
      gitRevision: "0123abc", gitDirty: false, created: Date(timeIntervalSince1970: 1_767_225_600), host: host,
      toolVersion: "0.1.0")
    directory = try RunDirectory.createOrResume(at: path, plan: Plan(experiment, cpuCount: 2), manifest: manifest)
  }

  /// A passed point whose time follows from its work and the level that holds its tables.
  func measured(_ point: Point, nanosecondsPerToken: Double, fraction: Double? = nil) throws -> ResultRow {
    var row = ResultRow(runID: directory.manifest.runID, host: host, point: point, status: .passed)
    row.flopPerToken = point.kernel == .dense ? 4 * Double(point.hidden * (point.intermediate ?? 0)) : 600_000
    row.algorithmicBytesPerToken = point.kernel == .dense ? 8192 : Double((point.tables ?? 0) * point.output * 4)
    let median = nanosecondsPerToken * Double(point.tokens)
    // 25 samples, skewed.
    let samples = (0..<25).map { median * (1 + scatter * (Double($0) - 12) / 12 + ($0 > 20 ? scatter / 2 : 0)) }
    row.set(try #require(Statistics(samples)), stopReason: .intervalWidth)
    row.isa = "avx512"
    row.pageKindAfter = point.pages
    row.verifiedCPUs = point.threads == 1 ? "0" : "0,1"
    row.fractionOfFMAPeak = fraction
    row.blas = point.kernel == .dense ? "OpenBLAS 0.3.21 SkylakeX" : nil
    row.maxAbsError = 1e-6
    row.codeMismatches = point.kernel == .lookup ? 0 : nil
    return row
  }

  /// Nanoseconds per token: a look-up costs more as its tables leave L2 and L3.
  func time(_ point: Point) -> Double {
    let parallel = point.threads == 1 ? 1.0 : 1.9
    guard let bytes = point.tableBytes else { return 19_000 / parallel }
    let perRow =
      18 + 22 / (1 + pow(Double(1 << 21) / Double(bytes), 1.5)) + 160 / (1 + pow(Double(1 << 26) / Double(bytes), 1.3))
    let remote = point.memory == .interleave ? 1.15 : 1
    let walk = point.strategy?.order == .token ? 1.6 : point.strategy?.order == .table ? 1.3 : 1
    let ahead = 1 + 0.02 * Double(point.strategy?.prefetchRows ?? 0)
    return (1800 + perRow * walk / ahead * Double(point.tables ?? 0)) / parallel * remote
  }

  func counters(_ point: Point) -> [CounterRow] {
    let id = directory.manifest.runID
    return [
      CounterRow(
        runID: id, pointID: point.id, launch: 0, group: "software", event: "perf::PAGE-FAULTS", source: "software",
        raw: 128, enabledNanoseconds: 1000, runningNanoseconds: 1000, value: 128, quality: "exact"),
      CounterRow(
        runID: id, pointID: point.id, launch: 0, group: "cache", event: "perf::CYCLES", quality: "unsupported",
        reason: "this machine exposes no PMU"),
    ]
  }

  func stages(_ point: Point) -> [StageRow] {
    if point.kernel == .dense {
      return [
        StageRow(
          pointID: point.id, stage: "product 1", flopPerToken: 2.1e6, algorithmicBytesPerToken: 4.2e6,
          measuredNanosecondsPerToken: 9100),
        StageRow(
          pointID: point.id, stage: "GELU", flopPerToken: 4e4, algorithmicBytesPerToken: 16e3,
          measuredNanosecondsPerToken: 700),
        StageRow(
          pointID: point.id, stage: "product 2", flopPerToken: 2.1e6, algorithmicBytesPerToken: 4.2e6,
          measuredNanosecondsPerToken: 9900),
      ]
    }
    return [
      StageRow(
        pointID: point.id, stage: "hash", flopPerToken: 5.4e5, algorithmicBytesPerToken: 5.3e5,
        modelledNanosecondsPerToken: 2300, measuredNanosecondsPerToken: 2500),
      StageRow(
        pointID: point.id, stage: "code", flopPerToken: 6e3, algorithmicBytesPerToken: 5e3,
        modelledNanosecondsPerToken: 300, measuredNanosecondsPerToken: 400),
      StageRow(
        pointID: point.id, stage: "gather", flopPerToken: 1.3e5, algorithmicBytesPerToken: 2.7e5,
        tableBytesPerToken: 2.6e5,
        modelledL2LinesPerToken: 4096, modelledNanosecondsPerToken: 2900, measuredNanosecondsPerToken: 3300),
    ]
  }

  /// The measured times of `stages`.
  private func stageTimes(_ point: Point) -> [StageTimeRow] {
    stages(point).compactMap { stage in
      stage.measuredNanosecondsPerToken.map {
        StageTimeRow(pointID: point.id, stage: stage.stage, measuredNanosecondsPerToken: $0)
      }
    }
  }

  func projection(_ point: Point, machine: String, factor: Double, band: Double) -> ProjectionRow {
    let rate = 1e9 / time(point) * factor
    return ProjectionRow(
      runID: directory.manifest.runID, pointID: point.id, machine: machine, tokensPerSecond: rate,
      lowTokensPerSecond: rate * (1 - band), highTokensPerSecond: rate * (1 + band),
      limiter: point.kernel == .dense ? "compute" : "L2", modelVersion: "1")
  }

  /// Runs every point of the study.
  func fillStudy() throws {
    for (index, point) in directory.plan.executionOrder.enumerated() {
      // One point each that fails and that cannot run.
      if point.tableRows == 4096 && point.threads == 2 {
        try directory.store.finish(
          PointOutcome(
            result: ResultRow(
              runID: directory.manifest.runID, host: host, point: point, status: .skipped,
              reason: "needs 1.1 GiB, 1 GiB is free")))
        continue
      }
      let result = try measured(point, nanosecondsPerToken: time(point), fraction: point.kernel == .dense ? 0.93 : 0.4)
      // The model is off by a few percent, in alternating directions.
      let error = 1 + 0.07 * sin(Double(index))
      let factors = [
        ("zen4-genoa-9654", 0.9, 0.12), ("sapphire-rapids-8480", 0.75, 0.18), ("grace-neoverse-v2", 1.05, 0.2),
        ("future_ddr6-2028", 1.7, 0.4),
      ]
      try directory.store.finish(
        PointOutcome(
          result: result,
          samples: [
            SampleRow(
              runID: result.runID, pointID: point.id, launch: 0, sample: 0, orderIndex: index, startNanoseconds: index,
              wallNanoseconds: result.medianNanoseconds ?? 0, outlier: false)
          ],
          counters: counters(point), stageTimes: stageTimes(point)))
      try directory.store.add(
        ProjectionOutcome(
          rows: [projection(point, machine: "host", factor: error, band: 0.08)]
            + factors.map {
              projection(point, machine: $0.0, factor: $0.1 * (point.kernel == .dense ? 0.9 : 1), band: $0.2)
            },
          sensitivities: factors.flatMap { machine, factor, _ in
            [("frequency_ghz", 0.04), ("caches[1].random_rows", 0.09), ("memory[0].peak_gbps", 0)].map { figure, move in
              let rate = 1e9 / time(point) * factor * (point.kernel == .dense ? 0.9 : 1)
              return SensitivityRow(
                runID: directory.manifest.runID, pointID: point.id, machine: machine, parameter: figure,
                tokensPerSecondAtMinusTenth: rate * (1 - move), tokensPerSecondAtPlusTenth: rate * (1 + move))
            }
          }, stages: stages(point)), of: point.id)
    }
    var ceilings = [
      CeilingRow(name: "fma_peak", threads: 1, value: 241, unit: "GFLOP/s", ci95Low: 239, ci95High: 242, n: 20)
    ]
    for exponent in 12...28 {
      let size = Double(1 << exponent)
      let latency =
        1.1 + 3 / (1 + pow(49_152 / size, 4)) + 12 / (1 + pow(1_048_576 / size, 4)) + 95
        / (1 + pow(33_554_432 / size, 4))
      ceilings.append(
        CeilingRow(
          name: "load_latency", threads: 1, workingSetBytes: 1 << exponent, value: latency, unit: "ns",
          ci95Low: latency * 0.98, ci95High: latency * 1.02, n: 12))
      for threads in [1, 2] {
        let bandwidth = (36 + 380 / (1 + pow(size / 60_000, 2)) + 60 / (1 + pow(size / 3e7, 2))) * Double(threads)
        ceilings.append(
          CeilingRow(
            name: "read_bandwidth", threads: threads, workingSetBytes: 1 << exponent, value: bandwidth, unit: "GB/s",
            ci95Low: bandwidth * 0.97, ci95High: bandwidth * 1.03, n: 12))
      }
    }
    try directory.store.replace(ceilings: ceilings)
    try directory.store.replace(facts: facts, at: .start)
    try directory.store.replace(
      facts: [FactRow(when: .end, name: "thp_enabled", value: "always")]
        + facts.dropFirst().map { fact in
          FactRow(when: .end, name: fact.name, value: fact.value, reason: fact.reason)
        }, at: .end)
    try directory.finish(at: Date(timeIntervalSince1970: 1_767_226_600))
  }

  private var facts: [FactRow] {
    [
      FactRow(when: .start, name: "thp_enabled", value: "madvise"),
      FactRow(when: .start, name: FactName.cpuModel, value: "AMD EPYC 9755"),
      FactRow(when: .start, name: FactName.l1Bytes, value: "49152"),
      FactRow(when: .start, name: FactName.l2Bytes, value: "1048576"),
      FactRow(when: .start, name: FactName.l3Bytes, value: "33554432"),
      FactRow(when: .start, name: "governor", reason: "no cpufreq directory: a virtual machine"),
      FactRow(when: .start, name: "boost", reason: "no cpufreq directory: a virtual machine"),
      FactRow(when: .start, name: "microcode", reason: "not in /proc/cpuinfo"),
    ]
  }

  /// Runs the small experiment.
  func fillSmall() throws {
    let points = directory.plan.points
    try directory.store.finish(
      PointOutcome(result: measured(points[0], nanosecondsPerToken: 1000, fraction: 0.6), counters: counters(points[0]))
    )
    try directory.store.finish(
      PointOutcome(
        result: measured(points[2], nanosecondsPerToken: 400), counters: counters(points[2])))
    try directory.store.add(
      ProjectionOutcome(rows: [projection(points[2], machine: "host", factor: 1, band: 0.1)]), of: points[2].id)
    try directory.store.finish(
      PointOutcome(
        result: ResultRow(
          runID: directory.manifest.runID, host: host, point: points[1], status: .skipped, reason: "2 threads, 1 CPU")))
    try directory.store.finish(
      PointOutcome(
        result: ResultRow(
          runID: directory.manifest.runID, host: host, point: points[3], status: .failed, reason: "3 codes differ")))
    func timed(_ product: Int, _ library: String, _ coreType: String, forced: Bool, rate: Double, chosen: Bool)
      -> AuditRow
    {
      let layer = AuditLayer.dense(hidden: 8, intermediate: 32, tokens: 64)
      return AuditRow(
        layer: layer.name, library: library, version: "1.0", coreType: coreType, coreTypeAsked: forced ? coreType : nil,
        path: "/lib/\(library)", product: layer.products[product], samples: 9,
        medianNanoseconds: layer.products[product].flops / rate, gigaflopPerSecond: rate, fractionOfFMAPeak: rate / 241,
        chosen: chosen)
    }
    try directory.store.replace(audit: [
      timed(0, "BLIS", "generic", forced: false, rate: 38, chosen: false),
      timed(1, "BLIS", "generic", forced: false, rate: 37, chosen: false),
      timed(0, "BLIS", "skx", forced: true, rate: 210, chosen: true),
      timed(1, "BLIS", "skx", forced: true, rate: 155, chosen: true),
      AuditRow(library: "OpenBLAS", reason: "libopenblas.so.0: cannot open shared object file"),
    ])
    try directory.finish(at: Date(timeIntervalSince1970: 1_767_226_600))
  }
}

/// Calls `body` with a fresh directory, which is removed afterwards unless LOOKAHEAD_TEST_OUTPUT names a place to
/// keep runs and their plots.
func withRunDirectory(_ name: String, _ body: (String) throws -> Void) throws {
  let files = FileManager.default
  if let kept = ProcessInfo.processInfo.environment["LOOKAHEAD_TEST_OUTPUT"] {
    let path = "\(kept)/\(name)"
    try? files.removeItem(atPath: path)
    try body(path)
  } else {
    let path = files.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)").path
    defer { try? files.removeItem(atPath: path) }
    try body(path)
  }
}
