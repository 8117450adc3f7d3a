import Plans
import Projection
import Studies

/// Simulated against counted lines per token of every point, boundary by boundary.
struct LinesDiagonalPlot: ReportPlot {
  func plot(of report: ValidationReport) -> Plot? {
    let lines = report.validation.entries.flatMap { entry in
      entry.lines.compactMap { line -> (name: String, simulated: Double, counted: Double, label: String)? in
        guard let counted = line.countedPerToken, counted > 0, line.simulatedPerToken > 0 else { return nil }
        return (
          line.name + (line.leavesOut == nil ? "" : ", at least"), line.simulatedPerToken, counted, entry.point.label
        )
      }
    }
    let values = lines.flatMap { [$0.simulated, $0.counted] }
    guard let least = values.min(), let most = values.max() else { return nil }
    let series = grouped(lines, by: { $0.name }).map { $0.key }
    let name = "lines"
    var data = PlotData(header: ["line", "counted_lines_per_token", "simulated_lines_per_token", "series", "point"])
    for line in lines {
      guard let index = series.firstIndex(of: line.name) else { continue }
      data.append([
        "\(index + 1)", PlotScript.cell(line.counted), PlotScript.cell(line.simulated), line.name, line.label,
      ])
    }
    var script = PlotScript(
      name: name, title: "Simulated (modelled) against counted lines per token", width: 820, height: 820)
    // Both axes alike, so that the diagonal is the diagonal.
    let range = "[\(least / 1.3):\(most * 1.3)]"
    script.add("set size square")
    script.add("set logscale xy 10")
    script.add("set xrange \(range)")
    script.add("set yrange \(range)")
    script.add("set xlabel 'Counted lines per token'")
    script.add("set ylabel 'Simulated lines per token' offset -1,0")
    script.legendBelow(["simulated = counted"] + series)
    script.plot(
      ["x with lines linecolor '#404040' linewidth 1.5 title 'simulated = counted'"]
        + series.enumerated().map { index, title in
          "'\(name).csv' skip 1 using ($1 == \(index + 1) ? $2 : NaN):3 with points "
            + "linecolor '\(PlotScript.colour(index))' pointtype \(PlotScript.shape(index)) pointsize 0.9 linewidth 1.5 "
            + "title \(PlotScript.quoted(title))"
        })
    return Plot(script, data)
  }
}
