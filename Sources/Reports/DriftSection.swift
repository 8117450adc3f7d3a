import Experiments

extension RunData {
  /// What the sentinel saw between points.
  var driftSection: String {
    guard !sentinel.isEmpty else { return "" }
    var text =
      "## Drift\n\nA fixed piece of work was timed before the first point and after every launch of one, relative to its "
      + "speed at the beginning of the run; measured. Points beside a reading more than "
      + "\(percent(RunData.driftThreshold)) off are flagged in their notes.\n\n"
    var table = MarkdownTable([
      ("benchmark", .left), ("readings", .right), ("lowest", .right), ("median", .right), ("highest", .right),
      ("beyond the threshold", .right),
    ])
    for (benchmark, rows) in grouped(sentinel, by: \.benchmark) {
      let values = rows.map(\.relative).sorted()
      table.append([
        benchmark, "\(values.count)", values.first.map { percent($0) }, percent(quantile(values, 0.5)),
        values.last.map { percent($0) }, "\(values.count { abs($0 - 1) > RunData.driftThreshold })",
      ])
    }
    text += table.text + "\n"
    return text
  }

  static let driftThreshold = DriftWatch.threshold

  /// The machine's speed over the run.
  var driftPlot: Plot? {
    let curves = grouped(sentinel, by: \.benchmark)
    let times = sentinel.map { Double($0.startNanoseconds) * 1e-9 }
    guard curves.contains(where: { $0.values.count >= 2 }), let last = times.max() else { return nil }
    let title = "Measured speed of the machine between points"
    var data = CSVWriter(header: ["line", "run_s", "relative", "benchmark"])
    var script = PlotScript(name: "drift", title: title)
    script.add("set xlabel 'Time since the run began (s)'")
    script.add("set xrange [0:\(significant(max(last, 1), 4))]")
    script.add("set ylabel 'Speed relative to the beginning'")
    let values = sentinel.map(\.relative)
    let low = min(values.min() ?? 1, 1 - 2 * RunData.driftThreshold)
    let high = max(values.max() ?? 1, 1 + 2 * RunData.driftThreshold)
    script.add("set yrange [\(significant(low * 0.98, 4)):\(significant(high * 1.02, 4))]")
    script.legendBelow(curves.map(\.key) + ["threshold"])
    var elements: [String] = []
    for (index, curve) in curves.enumerated() {
      for row in curve.values {
        data.append([
          "\(index + 1)", PlotScript.cell(Double(row.startNanoseconds) * 1e-9), PlotScript.cell(row.relative),
          curve.key,
        ])
      }
      elements.append(
        "'drift.csv' skip 1 using ($1 == \(index + 1) ? $2 : NaN):3 with linespoints linecolor "
          + "'\(PlotScript.colour(index))' linewidth 1.5 pointtype \(PlotScript.shape(index)) pointsize 0.5 title "
          + PlotScript.quoted(curve.key))
    }
    let grey = PlotScript.greys[1]
    elements.append("\(1 - RunData.driftThreshold) with lines linecolor '\(grey)' dashtype 3 title 'threshold'")
    elements.append("\(1 + RunData.driftThreshold) with lines linecolor '\(grey)' dashtype 3 notitle")
    script.plot(elements)
    return Plot(kind: .drift, name: "drift", title: title, data: data.text, script: script.text)
  }
}
