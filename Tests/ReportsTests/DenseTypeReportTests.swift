import Foundation
import Kernels
import PlanSupport
import Testing

@testable import Plans
@testable import Reports
@testable import RunStore

/// A run of look-ups and dense networks in several types, with given times.
@Suite struct DenseTypeReportTests {
  private func run(
    dense: String, projections: String = "fp32", peaks: [String] = ["fma_peak_fp32", "fma_peak_bf16"],
    nanoseconds: [String: Double], _ name: String = #function, _ body: (RunData) throws -> Void
  ) throws {
    try withRunDirectory("dense-types-\(fileName(name))") { path in
      let text = """
        schema: lookahead/experiment/1
        name: types
        sweeps:
          - {name: lookup, set: {kernel: lookup}, axes: {dtype: [fp32, bf16], projection_dtype: [\(projections)]}}
          - {name: dense, set: {kernel: dense}, axes: {dtype: [\(dense)]}}

        """
      let run = try SyntheticRun(text, at: path)
      for point in run.directory.plan.points {
        let projection = point.projectionDtype.map { " \($0.rawValue)" } ?? ""
        let time = try #require(nanoseconds["\(point.kernel.rawValue) \(point.dtype.rawValue)\(projection)"])
        try run.directory.store.finish(
          PointOutcome(result: run.measured(point, nanosecondsPerToken: time)))
        try run.directory.store.add(
          ProjectionOutcome(
            stages: ["first product", "bias and GELU", "projection"].filter {
              (point.kernel == .lookup) == ($0 == "projection")
            }.map {
              StageRow(pointID: point.id, stage: $0, flopPerToken: 1000, algorithmicBytesPerToken: 1)
            }), of: point.id)
      }
      let ceilings = peaks.enumerated().map {
        CeilingRow(name: $0.element, threads: 1, value: 200 * Double(1 + $0.offset), unit: "GFLOP/s")
      }
      try run.directory.store.replace(
        ceilings: ceilings + [
          CeilingRow(name: "read_bandwidth", threads: 1, workingSetBytes: 1 << 19, value: 100, unit: "GB/s")
        ])
      try run.directory.store.replace(
        facts: [
          FactRow(when: .start, name: FactName.l1Bytes, value: "49152"),
          FactRow(when: .start, name: FactName.l2Bytes, value: "1048576"),
        ], at: .start)
      try body(try RunData(run.directory))
    }
  }

  private static let times = [
    "lookup fp32": 5000.0, "lookup bf16": 4000, "dense fp32": 20_000, "dense bf16": 12_000,
  ]

  @Test func `a bf16 look-up is compared with dense bf16, and fp32 is named beside it`() throws {
    try run(dense: "fp32, bf16", nanoseconds: Self.times) { data in
      let bf16 = try #require(data.measured.first { $0.kernel == .lookup && $0.dtype == .bf16 })
      #expect(data.baseline(of: bf16)?.dtype == .bf16)
      #expect(data.fp32Baseline(of: bf16)?.dtype == .fp32)
      #expect(data.speedup(of: bf16)?.value == 3)
      let text = try #require(data.speedupCell(of: bf16)).text.plain
      #expect(text.hasPrefix("3.00x ["), "\(text)")
      #expect(text.contains("; fp32 5.00x ["), "\(text)")
      #expect(!text.contains("‡"))
      let fp32 = try #require(data.measured.first { $0.kernel == .lookup && $0.dtype == .fp32 })
      #expect(data.speedup(of: fp32)?.value == 4)
      #expect(data.speedupCell(of: fp32)?.text.plain.contains(";") == false)
    }
  }

  @Test func `without dense bf16 the look-up is compared with fp32, marked, and the target is not measured`() throws {
    try run(dense: "fp32", nanoseconds: Self.times) { data in
      let bf16 = try #require(data.measured.first { $0.kernel == .lookup && $0.dtype == .bf16 })
      #expect(data.speedupCell(of: bf16)?.text.plain.hasSuffix("‡") == true)
      let target = try #require(Targets(data).rows.first { $0.what.hasPrefix("bf16 look-up over best dense bf16") })
      #expect(target.measured == nil)
      #expect(target.isMet == nil)
    }
  }

  @Test func `a run on another CPU is not compared with the published kernels' time`() throws {
    try run(dense: "fp32", nanoseconds: Self.times) { data in
      func published(family: String) throws -> Targets.Row {
        var data = data
        data.facts.removeAll { $0.name == "cpu_vendor" || $0.name == "cpu_family" }
        data.facts.append(FactRow(when: .start, name: "cpu_vendor", value: "AuthenticAMD"))
        data.facts.append(FactRow(when: .start, name: "cpu_family", value: family))
        return try #require(Targets(data).rows.first { $0.what.contains("published kernels") })
      }
      let (zen5, zen4) = (try published(family: "26"), try published(family: "25"))
      #expect(zen5.measured != nil)
      #expect(zen4.measured == nil && zen4.isMet == nil)
    }
  }

  @Test func `a time of the published kernels that was measured on the same machine counts on any CPU`() throws {
    try run(dense: "fp32", nanoseconds: Self.times) { data in
      let time = try #require(
        data.measured.first { $0.kernel == .lookup && $0.dtype == .fp32 }?.nanosecondsPerToken)
      let targets = Targets(data, publishedNanosecondsPerToken: 8 * time)
      let row = try #require(targets.rows.first { $0.what.contains("published kernels") })
      #expect(row.measured == 8)
      #expect(row.isMet == true)
    }
  }

  @Test func `the target of bf16 is 2.5 times the best dense bf16`() throws {
    try run(dense: "fp32, bf16", nanoseconds: Self.times) { data in
      let target = try #require(Targets(data).rows.first { $0.what.hasPrefix("bf16 look-up over best dense bf16") })
      #expect(target.target == 2.5)
      #expect(target.measured == 3)
      #expect(target.isMet == true)
    }
  }

  @Test func `only a dense network's products are bound by the peak of its type`() throws {
    try run(dense: "fp32, bf16", nanoseconds: Self.times) { data in
      func bound(_ kernel: KernelKind, _ dtype: ElementType) throws -> Double {
        let row = try #require(data.measured.first { $0.kernel == kernel && $0.dtype == dtype })
        return try #require(data.bound(of: row))
      }
      // 1000 FLOP at 200 or 400 GFLOP/s; dense has twice as many, the product and the rest.
      let bounds = [try bound(.dense, .fp32), try bound(.dense, .bf16), try bound(.lookup, .bf16)]
      #expect(bounds == [10, 7.5, 5])
    }
  }

  private static let rounded = times.merging(["lookup fp32 bf16": 4500, "lookup bf16 bf16": 3000]) { old, _ in old }

  @Test func `the target of bf16 takes the point with bf16 tables and projection, where there is one`() throws {
    try run(dense: "fp32, bf16", projections: "fp32, bf16", nanoseconds: Self.rounded) { data in
      let rows = Targets(data).rows
      let target = try #require(rows.first { $0.what.hasPrefix("bf16 look-up over best dense bf16") })
      #expect(target.measured == 4)
      #expect(target.what.hasSuffix("(bf16 projection)"))
      #expect(rows.first { $0.what.hasPrefix("LookupFFN fp32 over the best dense fp32") }?.measured == 4)
      #expect(rows.first { $0.what.hasPrefix("bf16 tables over fp32 tables") }?.measured == 1.25)
      let both = try #require(rows.first { $0.what.hasPrefix("bf16 tables and projection over fp32") }?.measured)
      #expect(abs(both - 5.0 / 3) < 1e-9)
    }
  }

  @Test func `a bf16 projection is bound by bf16's peak, or where the CPU has none by fp32's, with a warning`() throws {
    func check(_ peaks: [String], bound: Double, warns: Bool) throws {
      try run(
        dense: "fp32", projections: "fp32, bf16", peaks: peaks, nanoseconds: Self.rounded, "projection \(peaks.count)"
      ) { data in
        func row(_ projection: HashType) throws -> ResultRow {
          try #require(
            data.measured.first {
              $0.kernel == .lookup && $0.dtype == .fp32 && $0.text("projection_dtype") == projection.rawValue
            })
        }
        let (wide, narrow) = (try row(.fp32), try row(.bf16))
        #expect(data.bound(of: wide) == 5)
        #expect(data.bound(of: narrow) == bound)
        #expect(data.warnings.contains { $0.plain.contains("widened to fp32") } == warns)
        #expect(narrow.shapeText == wide.shapeText + ", bf16 projection")
      }
    }
    try check(["fma_peak_fp32", "fma_peak_bf16"], bound: 2.5, warns: false)
    try check(["fma_peak_fp32"], bound: 5, warns: true)
  }
}
