import Foundation
import TestSupport
import Testing

@testable import Reports
@testable import RunStore

@Suite(.process) struct PlotTests {
  private func plots(_ name: String = #function, _ body: ([Plot], String) throws -> Void) throws {
    try withRunDirectory("plots-\(fileName(name))") { path in
      let run = try SyntheticRun(SyntheticRun.study, at: path)
      try run.fillStudy()
      try RunReport.write(run.directory)
      try body(RunReport.document(try RunData(run.directory)).plots, path)
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
      try RunReport.write(run.directory)
      let data = try RunData(run.directory)
      #expect(data.tableSeries(of: "order").map(\.name).first == "1 thread, token/4096")
      #expect(data.tableSeries(of: "order").count == 6)
      let folded = data.tableSeries(of: "everything")
      #expect(folded.map(\.name) == ["1 thread, best of all settings", "2 threads, best of all settings"])
      #expect(folded[0].rows.allSatisfy { $0.int("prefetch_rows") == 32 })
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
      for plot in plots where !plot.name.hasPrefix("stages") {
        let isMeasured = plot.name.hasPrefix("throughput") || ["latency", "bandwidth"].contains(plot.name)
        #expect(plot.title.contains(isMeasured ? "Measured" : "modelled"), "\(plot.name)")
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

  @Test(arguments: [
    (#"a "b" \c"#, #"'a "b" \c'"#), ("it's", "'it''s'"), ("'\u{301}", "'''\u{301}'"), ("a\r\nb", "'a b'"),
    ("`x`", "'`x`'"),
    ("a\u{2028}b\u{85}c", "'a b c'"),
  ])
  func `nothing in a name can leave a gnuplot string`(name: String, expected: String) {
    #expect(Array(PlotScript.quoted(name).utf8) == Array(expected.utf8))
  }

  @Test func `two names never share a file, and no name is too long for one`() {
    let names = [
      "a-b", "a_b", "a/b", "a b", "a.b", "A-b", "a-B", "á", "à", "測試", "試測", "", ".", "..",
      String(repeating: "n", count: 300),
      String(repeating: "n", count: 301), "a-b.0123456789abcdef",
    ]
    let files = names.map { fileName($0).lowercased() }
    #expect(Set(files).count == names.count)
    for file in files {
      #expect(file.utf8.count < 200 && !file.contains("/") && file != "." && file != "..")
    }
    #expect(fileName("published-shape_2") == "published-shape_2")
  }

  @Test func `a gnuplot that hangs is ended, and the rest is not tried`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let fake = folder.appendingPathComponent("gnuplot")
    try Data("#!/bin/sh\nexec sleep 1000\n".utf8).write(to: fake)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fake.path)
    let gnuplot = try #require(Gnuplot.find(path: folder.path, timeoutSeconds: 0.2))
    let plots = ["a", "b", "c"].map { Plot(PlotScript(name: $0, title: $0), PlotData(header: ["x"])) }
    let (drawn, problems) = try gnuplot.draw(plots, in: folder.path)
    #expect(drawn.isEmpty)
    #expect(
      problems == ["Plot a could not be drawn: gnuplot did not finish within 0 s", "2 more plots were not tried."])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["gnuplot"])
  }
}
