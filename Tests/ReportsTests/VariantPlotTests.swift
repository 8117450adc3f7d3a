import Foundation
import Testing

@testable import Plans
@testable import Reports
@testable import RunStore
@testable import Studies

/// Reports of runs that compare models, and of runs that compare distributions of codes.
@Suite struct VariantPlotTests {
  private let models = """
    schema: lookahead/experiment/1
    name: models
    defaults: {tokens: 512}
    sweeps:
      - name: prompt
        set: {kernel: lookup}
        axes: {variant: [small, medium, large], hidden: [256, 512, 1024], tables: [64, 128, 256], dtype: [fp32, bf16]}
        zip: [[variant, hidden, tables]]
      - name: dense
        set: {kernel: dense}
        axes: {variant: [small, medium, large], hidden: [256, 512, 1024], intermediate: [1024, 2048, 4096], dtype: [fp32, bf16]}
        zip: [[variant, hidden, intermediate]]

    """

  private let distributions = """
    schema: lookahead/experiment/1
    name: codes
    defaults: {tokens: 4096}
    sweeps:
      - name: popularity
        set: {kernel: lookup}
        axes: {table_rows: [16, 64, 256], codes: [uniform, zipf(0.5), zipf(1)]}
      - name: dense
        set: {kernel: dense}
      - name: twice
        set: {kernel: lookup}
        axes: {variant: [a, b], table_rows: [16, 64]}

    """

  @Test func `models are bars of speed-up over dense, one for each model and type`() throws {
    try withRunDirectory("models") { path in
      let run = try SyntheticRun(models, at: path)
      try run.fillStudy()
      let report = try RunReport.write(run.directory)
      let plot = try #require(VariantPlot(sweep: "prompt").plot(of: try RunData(run.directory)))
      #expect(plot.name == "variants-prompt")
      #expect(plot.data.split(separator: "\n").count == 1 + 6)
      #expect(plot.script.contains("large"))
      #expect(report.markdown.contains("T=128 rows=256 (64 MiB) medium"))
      if Gnuplot.find() != nil { #expect(report.plots.contains("variants-prompt")) }
    }
  }

  @Test func `distributions of codes are lines and rows of their own, never the best of all settings`() throws {
    try withRunDirectory("codes") { path in
      let run = try SyntheticRun(distributions, at: path)
      try run.fillStudy()
      let report = try RunReport.write(run.directory)
      let data = try RunData(run.directory)
      #expect(
        data.tableSeries(of: "popularity").map(\.name) == [
          "1 thread, uniform", "1 thread, zipf(0.5)", "1 thread, zipf(1)",
        ])
      #expect(data.bestLookups(of: "popularity").map { $0.codes?.rawValue } == ["uniform", "zipf(0.5)", "zipf(1)"])
      #expect(report.markdown.contains("zipf(0.5)"))
      // The same layer twice is no comparison of models.
      #expect(VariantPlot(sweep: "twice").plot(of: data) == nil)
    }
  }

  @Test func `a comparison reads as a table, regressions first`() throws {
    let lines =
      "schema: lookahead/experiment/1\nname: x\nsweeps: [{name: s, set: {kernel: lookup}, axes: {tokens: [64, 128]}}]"
    let points = try Plan(Experiment(text: lines, file: "x.yaml"), cpuCount: 1).points
    func side(_ name: String, _ slowdown: Double) -> ComparisonSide {
      ComparisonSide(
        name: name, runID: name,
        entries: points.enumerated().map { index, point in
          let time: Double = index == 1 ? 1000 * slowdown : 1000
          let launches = (0..<3).map { launch in
            (0..<8).map { sample -> Double in
              let place: Int = (launch + sample * 3) % 5
              return time * (1 + 0.001 * Double(place))
            }
          }
          return ComparisonSide.Entry(
            point: point, result: ResultRow(runID: name, host: "h", point: point, status: .passed), launches: launches)
        })
    }
    let comparison = try Comparison(side("before", 1), side("after", 1.2), threshold: 0.02)
    let report = ComparisonReport(comparison)
    let markdown = report.markdown
    #expect(markdown.hasPrefix("# before against after\n\n2 points: 1 same, 0 faster, 1 slower"))
    #expect(markdown.contains("| **slower** | lookup T=128 rows=256 d=512 tokens=128"))
    #expect(markdown.contains("+20.0 % ["))
    #expect(report.csv.split(separator: "\n").count == 3)
    #expect(report.csv.hasPrefix("point_id,sweep,label,verdict,reason,a_ns_per_token"))
  }
}
