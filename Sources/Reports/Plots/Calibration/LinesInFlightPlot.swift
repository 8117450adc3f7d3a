import HostModel

/// Lines in flight of independent random chases, by their number, one curve for each working set.
struct LinesInFlightPlot: ReportPlot {
  func plot(of report: CalibrationReport) -> Plot? {
    let curves = report.calibration.chaseSets.compactMap { size -> CalibrationCurve? in
      report.calibration.linesInFlight(workingSetBytes: size).map { lines in
        CalibrationCurve(
          "\(bytes(size)), \(significant(lines.latencyNanoseconds)) ns",
          lines.points.map { .init(x: Double($0.chains), y: $0.lines) })
      }
    }
    guard let most = curves.flatMap({ $0.points.map(\.x) }).max() else { return nil }
    let title = "Measured lines in flight of independent random chases, 1 thread"
    var script = PlotScript(name: "lines-in-flight", title: title)
    script.add("set xlabel 'Chases side by side'")
    script.add("set logscale x 2")
    script.add("set xrange [0.9:\(most * 1.1)]")
    script.add("set xtics (\((0...7).map { 1 << $0 }.map { "'\($0)' \($0)" }.joined(separator: ", ")))")
    script.decadeAxis("Lines in flight (rate x latency / 64 B)", around: curves.flatMap { $0.points.map(\.y) })
    script.legendBelow(curves.map(\.title) + ["as many as chases"])
    return report.plot(
      curves, x: "chains", script: script,
      extra: ["x with lines dashtype 2 linewidth 1.5 linecolor '#7F7F7F' title 'as many as chases'"])
  }
}
