import Foundation
import Kernels
import Support
import Testing

@testable import Plans
@testable import RunStore
@testable import Statistics
@testable import Studies

/// A side of `count` points; `launches` gives the times of a point's processes from its place.
private func side(
  _ name: String, points count: Int = 1, selection: [Parameter: ParameterValue] = [:], facts: [String: String] = [:],
  change: (inout ResultRow) -> Void = { _ in }, launches: (Int) -> [[Double]]
) throws -> ComparisonSide {
  let lines = "sweeps: [{name: s, set: {kernel: lookup, tokens: 64}, axes: {seed: {range: [1, \(count), 1]}}}]"
  let points = try Plan(experiment(lines), cpuCount: 1).points
  return ComparisonSide(
    name: name, runID: name, selection: selection,
    entries: points.enumerated().map { index, point in
      var row = ResultRow(runID: name, host: "h", point: point, status: .passed)
      change(&row)
      return ComparisonSide.Entry(point: point, result: row, launches: launches(index))
    }, facts: facts)
}

private func noisy(
  _ name: String, _ model: NoiseModel, seed: UInt64, points: Int = 40, launches: Int, samples: Int = 12,
  slowdown: @escaping (Int) -> Double = { _ in 1 }
) throws -> ComparisonSide {
  var noise = Noise(seed: seed)
  return try side(name, points: points) { index in
    (0..<launches).map { _ in
      model.process(samples: samples, &noise).map { 1000 * slowdown(index) * exp($0) }
    }
  }
}

/// Five samples each around a time.
private func steady(_ time: Double) -> [[Double]] {
  [
    [0.1, -0.2, 0, 0.3, -0.1, 0.2, -0.3, 0.05], [0, 0.2, -0.1, 0.1, -0.2, 0.15, 0.3, -0.05],
    [0.1, 0, 0.2, -0.1, -0.15, 0.05, 0.3, -0.3],
  ]
  .map { $0.map { time * (1 + $0 / 100) } }
}

@Suite struct ComparisonTests {
  // MARK: - A against A

  @Test(arguments: NoiseModel.allCases, [1, 2, 3, 5])
  func `of the same thing measured twice under 5 % is called different`(_ model: NoiseModel, launches: Int) throws {
    // Four grids of 40 points, where a rate of 5 % would give 8 points.
    var different = 0
    for trial in 0..<4 as Range<UInt64> {
      let comparison = try Comparison(
        noisy("a", model, seed: 2 * trial + 1, launches: launches),
        noisy("b", model, seed: 2 * trial + 2, launches: launches),
        threshold: 0.02)
      different += comparison.count(.faster) + comparison.count(.slower)
    }
    #expect(different < 8, "\(different) of 160 points")
  }

  @Test func `samples of one process each would call far more than 5 % different by the rank test alone`() throws {
    // Without launches and blocks, the drift of a process looks like a change.
    var noise = Noise(seed: 5)
    let wrong = try (0..<200).filter { _ in
      let (a, b) = (NoiseModel.drift.process(samples: 30, &noise), NoiseModel.drift.process(samples: 30, &noise))
      return try #require(MannWhitney(a, b)).pValue <= 0.05
    }
    #expect(wrong.count > 60, "\(wrong.count) of 200")
  }

  // MARK: - Real changes

  @Test(arguments: [NoiseModel.lognormal, .drift])
  func `a tenth more time on four of forty points is found with five launches, and under 5 % of the others`(
    _ model: NoiseModel
  ) throws {
    var (found, wrong) = (0, 0)
    for trial in 0..<5 as Range<UInt64> {
      let comparison = try Comparison(
        noisy("a", model, seed: 100 + trial, launches: 5),
        noisy("b", model, seed: 200 + trial, launches: 5) { $0 < 4 ? 1.1 : 1 }, threshold: 0.02)
      found += comparison.points[..<4].filter { $0.verdict == .slower }.count
      wrong += comparison.points[4...].filter { $0.verdict == .slower || $0.verdict == .faster }.count
    }
    #expect(found >= 18, "\(found) of 20")
    #expect(wrong < 9, "\(wrong) of 180")
  }

  @Test func `a slowdown of everything is found even with one process a side`() throws {
    let comparison = try Comparison(
      noisy("a", .lognormal, seed: 1, launches: 1, samples: 40),
      noisy("b", .lognormal, seed: 2, launches: 1, samples: 40) { _ in 1.2 }, threshold: 0.02)
    #expect(comparison.count(.slower) >= 36)
    #expect(comparison.hasRegression)
  }

  @Test func `verdicts are symmetric`() throws {
    let (a, b) = (try side("a", points: 3) { _ in steady(1000) }, try side("b", points: 3) { _ in steady(1100) })
    #expect(try Comparison(a, b, threshold: 0.02).points.map(\.verdict) == [.slower, .slower, .slower])
    #expect(try Comparison(b, a, threshold: 0.02).points.map(\.verdict) == [.faster, .faster, .faster])
    let change = try #require(Comparison(a, b, threshold: 0.02).points[0].change)
    #expect(abs(change - 0.1) < 0.003)
  }

  @Test func `equal within the threshold is the same, and a change below it no regression`() throws {
    let a = try side("a", points: 3) { _ in steady(1000) }
    let b = try side("b", points: 3) { _ in steady(1008) }
    let comparison = try Comparison(a, b, threshold: 0.02)
    #expect(comparison.points.map(\.verdict) == [.same, .same, .same])
    #expect(try Comparison(a, b, threshold: 0.001).count(.slower) == 3)
  }

  @Test func `one process a side on few points leaves everything ambiguous, with the reason`() throws {
    let comparison = try Comparison(
      side("a") { _ in [steady(1000)[0]] }, side("b") { _ in [steady(2000)[0]] }, threshold: 0.02)
    #expect(comparison.points[0].verdict == .ambiguous)
    #expect(comparison.points[0].reason?.contains("one process a side") == true)
    #expect(abs(try #require(comparison.points[0].change) - 1) < 0.01)
  }

  // MARK: - What can be compared

  @Test func `another machine, setting or path is incomparable until it is accepted`() throws {
    let a = try side("a", facts: ["governor": "performance", "smt": "on"], change: { $0.isa = "avx2" }) { _ in
      steady(1000)
    }
    let b = try side("b", facts: ["governor": "powersave", "smt": "on"], change: { $0.isa = "avx512" }) { _ in
      steady(1000)
    }
    let comparison = try Comparison(a, b, threshold: 0.02)
    #expect(comparison.points[0].verdict == .incomparable)
    #expect(comparison.points[0].reason == "governor: performance -> powersave; isa: avx2 -> avx512")
    #expect(comparison.points[0].change == nil)
    let accepted = try Comparison(a, b, threshold: 0.02, accepting: ["governor", "isa"])
    #expect(accepted.points[0].verdict == .same)
    #expect(accepted.accepted == ["governor: performance -> powersave", "isa: avx2 -> avx512"])
    #expect(throws: InputError.self) { try Comparison(a, b, threshold: 0.02, accepting: ["governer"]) }
  }

  @Test func `a point that failed on one side is incomparable, whatever its times`() throws {
    let a = try side("a") { _ in steady(1000) }
    let b = try side(
      "b",
      change: {
        $0.status = .failed
        $0.reason = "wrong output"
      }
    ) { _ in steady(1000) }
    let point = try Comparison(a, b, threshold: 0.02).points[0]
    #expect(point.verdict == .incomparable)
    #expect(point.reason == "B failed: wrong output")
    #expect(point.nanosecondsPerTokenB == nil)
  }

  @Test func `points match by parameters, and what is selected by need not match`() throws {
    // Both have the same strategy, since the default one depends on the type.
    let lines =
      "sweeps: [{name: s, set: {kernel: lookup, column_slice: 64, table_group: 8}, "
      + "axes: {dtype: [fp32, bf16], tables: [32, 64, 96]}}]"
    let points = try Plan(experiment(lines), cpuCount: 1).points
    func part(_ dtype: String, drop: Int = 0) -> ComparisonSide {
      let selection: [Parameter: ParameterValue] = [.dtype: .text(dtype)]
      return ComparisonSide(
        name: dtype, runID: "r", selection: selection,
        entries: points.filter { $0.value(of: .dtype) == .text(dtype) }.dropLast(drop).map {
          ComparisonSide.Entry(
            point: $0, result: ResultRow(runID: "r", host: "h", point: $0, status: .passed), launches: steady(1000))
        })
    }
    let comparison = try Comparison(part("fp32"), part("bf16", drop: 1), threshold: 0.02)
    #expect(comparison.points.count == 2)
    #expect(comparison.onlyInA.count == 1)
    #expect(comparison.onlyInA[0].contains("T=96"))
    // Without the selection nothing matches, and with both types on one side each matches twice.
    var all = part("fp32")
    all.entries += part("bf16").entries
    #expect(throws: InputError.self) { try Comparison(all, part("bf16"), threshold: 0.02) }
    var unselected = (part("fp32"), part("bf16"))
    unselected.0.selection = [:]
    unselected.1.selection = [:]
    #expect(throws: InputError.self) { try Comparison(unselected.0, unselected.1, threshold: 0.02) }
  }

  @Test func `a run is the same as itself, however few and scattered its samples are`() throws {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let side = try ComparisonSide(root.appendingPathComponent("Tests/Fixtures/runs/quick-0.1").path)
    let comparison = try Comparison(side, side, threshold: 0.02)
    #expect(comparison.points.count == 25)
    #expect(comparison.points.allSatisfy { $0.verdict == .same && $0.change == 0 && $0.changeLow == 0 })
    #expect(side.warnings.isEmpty)
    // Equal samples say nothing about the spread between runs: one point with a large difference stays a single
    // process a side.
    var other = side
    other.entries[0].launches = other.entries[0].launches.map { $0.map { $0 * 1.5 } }
    let changed = try Comparison(side, other, threshold: 0.02)
    #expect(changed.points[0].verdict == .ambiguous)
    #expect(changed.points.dropFirst().allSatisfy { $0.verdict == .same })
  }

  @Test func `a directory of runs counts each run as a launch`() throws {
    try withTemporaryDirectory { path in
      let experiment = try experiment("sweeps: [{name: s, set: {kernel: lookup, tokens: 10}}]")
      let plan = try Plan(experiment, cpuCount: 1)
      for (name, wall) in [("1", 100.0), ("2", 120.0)] {
        let run = try RunDirectory.createOrResume(
          at: "\(path)/\(name)", plan: plan,
          manifest: Manifest(experiment: experiment, commandLine: [], host: "h", toolVersion: "1"))
        try run.store.finish(
          PointOutcome(
            result: ResultRow(runID: name, host: "h", point: plan.points[0], status: .passed),
            samples: [
              SampleRow(
                runID: name, pointID: plan.points[0].id, launch: 0, sample: 0, orderIndex: 0, startNanoseconds: 0,
                wallNanoseconds: wall, outlier: false)
            ]))
        try run.store.replace(facts: [FactRow(when: .start, name: "smt", value: "on")], at: .start)
      }
      #expect(try ComparisonSide(path).entries.map(\.launches) == [[[10], [12]]])
      try RunDirectory(writing: "\(path)/2").store.replace(
        facts: [FactRow(when: .start, name: "smt", value: "off")], at: .start)
      #expect(throws: InputError.self) { try ComparisonSide(path) }
    }
  }

  @Test func `a side is read from a run directory, times per token and launches apart`() throws {
    try withTemporaryDirectory { path in
      let experiment = try experiment("sweeps: [{name: s, set: {kernel: lookup, tokens: 10}, axes: {variant: [a, b]}}]")
      let run = try RunDirectory.createOrResume(
        at: path, plan: Plan(experiment, cpuCount: 1),
        manifest: Manifest(experiment: experiment, commandLine: [], host: "h", toolVersion: "1"))
      for point in run.plan.points {
        let samples = (0..<4).map {
          SampleRow(
            runID: "r", pointID: point.id, launch: $0 % 2, sample: $0 / 2, orderIndex: $0, startNanoseconds: $0,
            wallNanoseconds: Double(100 + $0), outlier: false)
        }
        try run.store.finish(
          PointOutcome(result: ResultRow(runID: "r", host: "h", point: point, status: .passed), samples: samples))
      }
      try run.store.replace(facts: [FactRow(when: .start, name: "smt", value: "on")], at: .start)
      let side = try ComparisonSide("\(path):variant=b")
      #expect(side.entries.map(\.point.variant) == ["b"])
      #expect(side.entries[0].launches == [[10.0, 10.2], [10.1, 10.3]])
      #expect(side.facts == ["smt": "on"])
      #expect(throws: InputError.self) { try ComparisonSide("\(path):variant=c") }
      #expect(throws: InputError.self) { try ComparisonSide("\(path):varaint=b") }
    }
  }

  // MARK: - A network against its baseline

  @Test func `look-ups of one side are compared with their dense baselines on the other side`() throws {
    let lines = """
      sweeps:
        - {name: dense, set: {kernel: dense}, axes: {tokens: [64, 128], intermediate: [1024, 2048]}}
        - {name: lookup, set: {kernel: lookup}, axes: {tokens: [64, 128, 256], table_rows: [16, 32]}}

      """
    let points = try Plan(experiment(lines), cpuCount: 1).points
    func side(_ name: String, _ time: Double, _ role: (Point) -> Bool) -> ComparisonSide {
      ComparisonSide(
        name: name, runID: name,
        entries: points.filter(role).map { point in
          var row = ResultRow(runID: name, host: "h", point: point, status: .passed)
          row.blas = point.isBaseline ? "BLIS" : nil
          return ComparisonSide.Entry(point: point, result: row, launches: steady(time))
        })
    }
    let (dense, lookup) = (side("dense", 1000, \.isBaseline), side("lookup", 500, \.needsBaseline))
    let comparison = try Comparison(dense, lookup, threshold: 0.02)
    #expect(comparison.points.map(\.verdict) == Array(repeating: .faster, count: 4))
    #expect(comparison.onlyInA.count == 2 && comparison.onlyInA.allSatisfy { $0.contains("ff=1024") })
    #expect(comparison.onlyInB.count == 2 && comparison.onlyInB.allSatisfy { $0.contains("tokens=256") })
    let first = try #require(comparison.points.first)
    #expect(first.label.hasSuffix(" against dense ff=2048 d=512 tokens=64 threads=1"))
    #expect(first.matchup?.hasSuffix("preferred to another for ff = 4 d") == true)
    // In the other direction each is slower, also under the id of the look-up.
    let reversed = try Comparison(lookup, dense, threshold: 0.02)
    #expect(reversed.points.map(\.verdict) == Array(repeating: .slower, count: 4))
    #expect(reversed.points.map(\.pointID) == comparison.points.map(\.pointID))
  }
}
