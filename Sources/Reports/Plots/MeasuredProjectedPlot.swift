import Kernels
import Plans
import RunStore

/// A projection with the measurement beside it.
struct ProjectedPoint {
  var row: ProjectionRow
  var measured: Double
  var kernel: KernelKind
  var label: String
}

extension RunData {
  /// The projections onto the host of points that were measured.
  var projectedPoints: [ProjectedPoint] {
    projections.compactMap { row in
      guard let measured = row.measuredTokensPerSecond, let kernel = result(row.pointID)?.kernel else { return nil }
      return ProjectedPoint(row: row, measured: measured, kernel: kernel, label: label(row.pointID))
    }
  }
}

/// Projected against measured throughput on the host, each point with its band.
struct MeasuredProjectedPlot: ReportPlot {
  func plot(of points: [ProjectedPoint]) -> Plot? {
    let points = points.filter { $0.measured > 0 && $0.row.tokensPerSecond > 0 }
    let values = points.flatMap {
      [$0.measured, $0.row.tokensPerSecond, $0.row.lowTokensPerSecond, $0.row.highTokensPerSecond]
    }
    .filter { $0 > 0 }
    guard let least = values.min(), let most = values.max() else { return nil }
    let name = "measured-projected"
    let title = "Projected (modelled) against measured throughput on the host"
    var data = PlotData(header: [
      "line", "measured_tokens_per_s", "projected_tokens_per_s", "low_tokens_per_s", "high_tokens_per_s", "kernel",
      "point",
    ])
    // Baselines come last, as in all plots.
    let kinds = grouped(points, by: \.kernel).map(\.key)
    let kernels = kinds.filter { !$0.isBaseline } + kinds.filter(\.isBaseline)
    for point in points {
      guard let line = kernels.firstIndex(of: point.kernel) else { continue }
      let row = point.row
      data.append([
        "\(line + 1)", PlotScript.cell(point.measured), PlotScript.cell(row.tokensPerSecond),
        PlotScript.cell(row.lowTokensPerSecond), PlotScript.cell(row.highTokensPerSecond), point.kernel.rawValue,
        point.label,
      ])
    }
    var script = PlotScript(name: name, title: title, width: 820, height: 820)
    // Both axes have the same range, so that the diagonal marks equality.
    let range = "[\(least / 1.3):\(most * 1.3)]"
    script.add("set size square")
    script.add("set logscale xy 10")
    script.add("set xrange \(range)")
    script.add("set yrange \(range)")
    for axis in ["x", "y"] {
      script.add("set \(axis)tics (\(decadeTics(from: least / 1.3, to: most * 1.3)))")
    }
    script.add("set xlabel 'Measured throughput (tokens/s)'")
    script.add("set ylabel 'Projected throughput (tokens/s)' offset -1,0")
    script.legendBelow(["projected = measured", "±10 %", "±20 %"] + kernels.map { "\($0.rawValue), low to high" })
    var elements = [
      "x with lines linecolor '#404040' linewidth 1.5 title 'projected = measured'",
      "1.1*x with lines linecolor '#909090' linewidth 1.2 dashtype 2 title '±10 %'",
      "x/1.1 with lines linecolor '#909090' linewidth 1.2 dashtype 2 notitle",
      "1.2*x with lines linecolor '#B0B0B0' linewidth 1.2 dashtype 3 title '±20 %'",
      "x/1.2 with lines linecolor '#B0B0B0' linewidth 1.2 dashtype 3 notitle",
    ]
    for (index, kernel) in kernels.enumerated() {
      elements.append(
        "'\(name).csv' skip 1 using ($1 == \(index + 1) ? $2 : NaN):3:4:5 with yerrorbars "
          + "linecolor '\(PlotScript.colour(index))' pointtype \(PlotScript.shape(index)) pointsize 0.9 linewidth 1.5 "
          + "title '\(kernel.rawValue), low to high'")
    }
    script.plot(elements)
    return Plot(script, data)
  }
}

/// Labelled places 1, 2, 5 of each decade in the range: `'200 k' 200000`.
func decadeTics(from low: Double, to high: Double) -> String {
  var tics: [String] = []
  var decade = 1.0
  while decade * 10 <= low { decade *= 10 }
  while decade <= high {
    for step in [1.0, 2, 5] where low <= decade * step && decade * step <= high {
      let value = decade * step
      tics.append("'\(PlotScript.tickLabel(value))' \(value)")
    }
    decade *= 10
  }
  return tics.joined(separator: ", ")
}
