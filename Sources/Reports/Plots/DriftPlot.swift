import Measurement
import RunStore

/// The machine's speed over the run, by the sentinel's readings between points.
struct DriftPlot: ReportPlot {
  func plot(of run: RunData) -> Plot? {
    let curves = grouped(run.sentinel, by: \.benchmark)
    let times = run.sentinel.map { Double($0.startNanoseconds) * 1e-9 }
    guard curves.contains(where: { $0.values.count >= 2 }), let last = times.max() else { return nil }
    let watch = DriftWatch(run.sentinel)
    var data = PlotData(header: ["line", "run_s", "relative", "benchmark"])
    var script = PlotScript(name: "drift", title: "Measured speed of the machine between points")
    script.add("set xlabel 'Time since the run began (s)'")
    script.add("set xrange [0:\(significant(max(last, 1), 4))]")
    script.add("set ylabel 'Speed relative to the median'")
    let values = run.sentinel.map(watch.relative)
    let low = min(values.min() ?? 1, 1 - 2 * DriftWatch.threshold)
    let high = max(values.max() ?? 1, 1 + 2 * DriftWatch.threshold)
    script.add("set yrange [\(significant(low * 0.98, 4)):\(significant(high * 1.02, 4))]")
    script.legendBelow(curves.map(\.key) + ["threshold"])
    var elements: [String] = []
    for (index, curve) in curves.enumerated() {
      for row in curve.values {
        data.append([
          "\(index + 1)", PlotScript.cell(Double(row.startNanoseconds) * 1e-9), PlotScript.cell(watch.relative(row)),
          curve.key,
        ])
      }
      elements.append(
        "'drift.csv' skip 1 using ($1 == \(index + 1) ? $2 : NaN):3 with linespoints linecolor "
          + "'\(PlotScript.colour(index))' linewidth 1.5 pointtype \(PlotScript.shape(index)) pointsize 0.5 title "
          + PlotScript.quoted(curve.key))
    }
    let grey = PlotScript.greys[1]
    elements.append("\(1 - DriftWatch.threshold) with lines linecolor '\(grey)' dashtype 3 title 'threshold'")
    elements.append("\(1 + DriftWatch.threshold) with lines linecolor '\(grey)' dashtype 3 notitle")
    script.plot(elements)
    return Plot(script, data)
  }
}
