import Plans
import Studies

/// Errors of all points, side by side for each value of each axis.
struct ErrorByAxisPlot: ReportPlot {
  func plot(of report: ValidationReport) -> Plot? {
    let validation = report.validation
    guard !validation.entries.isEmpty else { return nil }
    let name = "error-by-axis"
    let title = "Error of the projection: each point, and the mean of its group"
    var data = PlotData(header: ["place", "line", "group", "error", "point"])
    var tics: [String] = []
    var place = 0
    for axis in ValidationAxis.allCases {
      for group in report.groups(axis) {
        place += 1
        tics.append("\(PlotScript.quoted("\(axis.short) \(group.name)")) \(place)")
        for entry in validation.entries
        where axis.value(entry.point, validation.machine) == group.name {
          guard let error = entry.relativeError(report.reference) else { continue }
          data.append(["\(place)", "1", group.name, PlotScript.cell(100 * error), entry.point.label])
        }
        data.append(["\(place)", "2", group.name, PlotScript.cell(100 * group.errors.bias), "mean"])
      }
      // Leaves an empty place between axes.
      place += 1
    }
    var script = PlotScript(name: name, title: title, height: 600)
    script.add("set ylabel 'Projected / measured - 1 (%)'")
    script.add("set xrange [0.3:\(Double(place) - 0.3)]")
    script.add("set xtics (\(tics.joined(separator: ", "))) rotate by 50 right font 'Arial,12'")
    script.legendBelow(["a point", "mean of the group"])
    // Slanted labels need four lines more than straight ones.
    script.add("set bmargin 9.5")
    script.plot([
      "0 with lines linecolor '#404040' linewidth 1.5 notitle",
      "10 with lines linecolor '#909090' dashtype 2 notitle", "-10 with lines linecolor '#909090' dashtype 2 notitle",
      "20 with lines linecolor '#B0B0B0' dashtype 3 notitle", "-20 with lines linecolor '#B0B0B0' dashtype 3 notitle",
      "'\(name).csv' skip 1 using ($2 == 1 ? $1 : NaN):4 with points linecolor '\(PlotScript.colour(0))' pointtype 6 title 'a point'",
      "'\(name).csv' skip 1 using ($2 == 2 ? $1 : NaN):4 with points linecolor '\(PlotScript.colour(1))' pointtype 9 pointsize 1.4 title 'mean of the group'",
    ])
    return Plot(script, data)
  }
}
