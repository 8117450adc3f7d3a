import Foundation
import Testing

@testable import Experiments
@testable import Reports

@Suite struct PlotTests {
  private func plots(_ name: String = #function, _ body: ([Plot], String) throws -> Void) throws {
    try withRunDirectory("plots-\(fileName(name))") { path in
      let run = try SyntheticRun(SyntheticRun.study, at: path)
      try run.fillStudy()
      try Report.write(run.directory)
      try body(try RunData(run.directory).plots, path)
    }
  }

  @Test func `a study has a plot of each kind`() throws {
    try plots { plots, _ in
      #expect(
        plots.map(\.name) == [
          "throughput-size", "throughput-placement", "stages", "latency", "bandwidth", "measured-projected", "speedup",
          "machines", "machine-speedup", "sensitivity",
        ])
    }
  }

  @Test func `tables of different types are different lines and shapes`() throws {
    try withRunDirectory("types") { path in
      let text = """
        schema: lookahead/experiment/1
        name: types
        sweeps:
          - name: types
            set: {kernel: lookup, order: token}
            axes: {dtype: [fp32, int8], table_rows: {pow2: [4, 6]}}

        """
      let run = try SyntheticRun(text, at: path)
      try run.fillStudy()
      let series = try RunData(run.directory).tableSeries(of: "types")
      #expect(series.map(\.name) == ["1 thread, fp32", "1 thread, int8"])
      #expect(series[0].rows[0].shapeText == "T=128 rows=16 (4 MiB)")
      #expect(series[1].rows[0].shapeText == "T=128 rows=16 (1.01 MiB int8)")
    }
  }

  @Test func `too many strategies to tell apart are folded into the best of each size`() throws {
    try withRunDirectory("strategies") { path in
      var run = try SyntheticRun(SyntheticRun.strategies, at: path)
      run.scatter = 0.3
      try run.fillStudy()
      try Report.write(run.directory)
      let data = try RunData(run.directory)
      #expect(data.tableSeries(of: "order").map(\.name).first == "1 thread, token/4096")
      #expect(data.tableSeries(of: "order").count == 6)
      let folded = data.tableSeries(of: "everything")
      #expect(folded.map(\.name) == ["1 thread, best of all settings", "2 threads, best of all settings"])
      #expect(folded[0].rows.allSatisfy { $0.prefetchRows == 32 })
    }
  }

  @Test func `every script draws an SVG of its own name from its own data`() throws {
    try plots { plots, path in
      for plot in plots {
        #expect(plot.script.contains("set output '\(plot.name).svg'"))
        #expect(plot.script.contains("'\(plot.name).csv' skip 1"))
        // gnuplot is not part of the toolchain: without it, the scripts alone are checked.
        guard Gnuplot.find() != nil else { continue }
        let svg = try String(contentsOf: URL(fileURLWithPath: "\(path)/plots/\(plot.name).svg"), encoding: .utf8)
        #expect(svg.contains("<svg"))
        #expect(svg.contains("</svg>"))
      }
    }
  }

  @Test func `modelled values are called so, and measured ones too`() throws {
    try plots { plots, _ in
      for plot in plots where [.machines, .validation, .sensitivity].contains(plot.kind) {
        #expect(plot.title.contains("modelled"))
      }
      for plot in plots where plot.kind == .throughput || plot.kind == .ceilings {
        #expect(plot.title.contains("Measured"))
      }
    }
  }

  @Test func `a broken script is reported and leaves no picture`() throws {
    guard let gnuplot = Gnuplot.find() else { return }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("set terminal svg\nset output 'x.svg'\nplot nonsense(x)\n".utf8).write(
      to: URL(fileURLWithPath: path + "/x.gp"))
    #expect(gnuplot.draw("x", in: path) != nil)
    #expect(!FileManager.default.fileExists(atPath: path + "/x.svg"))
  }

  @Test func `quotes and backslashes in names cannot leave a gnuplot string`() {
    #expect(PlotScript.quoted(#"a "b" \c"#) == #""a \"b\" \\c""#)
  }
}
