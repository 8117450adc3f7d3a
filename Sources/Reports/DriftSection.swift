import Measurement
import RunStore
import Statistics

extension RunData {
  /// What the sentinel saw between points.
  var driftSection: String {
    guard !sentinel.isEmpty else { return "" }
    var text =
      "## Drift\n\nA fixed piece of work was timed before the first point and after every launch of one; measured, and "
      + "relative to the median of all readings. Points beside a reading more than "
      + "\(percent(DriftWatch.threshold)) off are flagged in their notes.\n\n"
    let watch = DriftWatch(sentinel)
    var table = MarkdownTable([
      ("benchmark", .left), ("readings", .right), ("median", .right), ("unit", .left), ("lowest", .right),
      ("highest", .right),
      ("beyond the threshold", .right),
    ])
    for (benchmark, rows) in grouped(sentinel, by: \.benchmark) {
      let values = rows.map(watch.relative).sorted()
      table.append([
        benchmark, "\(values.count)", significant(quantile(rows.map(\.value).sorted(), 0.5)), rows.first?.unit,
        values.first.map { percent($0) }, values.last.map { percent($0) }, "\(rows.count(where: watch.isOff))",
      ])
    }
    text += table.text + "\n"
    return text
  }

  /// The machine's speed over the run.
  var driftPlot: Plot? {
    let curves = grouped(sentinel, by: \.benchmark)
    let times = sentinel.map { Double($0.startNanoseconds) * 1e-9 }
    guard curves.contains(where: { $0.values.count >= 2 }), let last = times.max() else { return nil }
    let watch = DriftWatch(sentinel)
    let title = plotTitle("Measured speed of the machine between points")
    var data = PlotData(header: ["line", "run_s", "relative", "benchmark"])
    var script = PlotScript(name: "drift", title: title)
    script.add("set xlabel 'Time since the run began (s)'")
    script.add("set xrange [0:\(significant(max(last, 1), 4))]")
    script.add("set ylabel 'Speed relative to the median'")
    let values = sentinel.map(watch.relative)
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
    return Plot(kind: .drift, name: "drift", title: title, data: data.text, script: script.text)
  }
}
