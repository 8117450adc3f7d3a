import Kernels
import Profiler
import RunStore

/// Measured tokens/s against the bytes of the tables, with the dense baselines as horizontal lines. It needs two
/// table sizes.
struct ThroughputPlot: ReportPlot {
  var sweep: String

  func plot(of run: RunData) -> Plot? {
    let series = run.tableSeries(of: sweep)
    let sizes = Set(series.flatMap { $0.rows.compactMap(\.tableBytes) })
    guard sizes.count >= 2, let low = sizes.min(), let high = sizes.max() else { return nil }
    let name = "throughput-\(fileName(sweep))"
    let title = "Measured throughput against table size, sweep '\(sweep)'"
    // Text comes last, because gnuplot then reads the columns before it whatever a name contains.
    var data = PlotData(header: [
      "line", "table_bytes", "tokens_per_s", "ci95_low_tokens_per_s", "ci95_high_tokens_per_s", "series",
    ])
    var elements: [String] = []
    for (index, line) in series.enumerated() {
      for row in line.rows {
        let (slow, fast) = row.throughputInterval
        data.append([
          "\(index + 1)", row.tableBytes.map(String.init), PlotScript.cell(row.tokensPerSecond), PlotScript.cell(slow),
          PlotScript.cell(fast), "lookup, \(line.name)",
        ])
      }
      elements.append(PlotScript.curve(name, line: index + 1, title: "lookup, \(line.name)"))
    }
    // The dense baselines of the series. A dense network has no table size, so that its line is drawn at a height
    // instead of from rows.
    let dense = baselines(of: series, in: run)
    for (place, (row, lines)) in dense.enumerated() {
      guard let rate = row.tokensPerSecond else { continue }
      let (slow, fast) = row.throughputInterval
      let label = denseLabel(row, among: dense.map(\.0))
      data.append([
        "\(series.count + 1)", nil, PlotScript.cell(rate), PlotScript.cell(slow), PlotScript.cell(fast), label,
      ])
      // In the colour of its only series, else in black and greys with a dash pattern of its own.
      let colour = lines.count == 1 ? PlotScript.colour(lines[0]) : PlotScript.greys[place % PlotScript.greys.count]
      elements.append(
        "\(rate) with lines linecolor '\(colour)' linewidth 2 dashtype \(2 + place) title \(PlotScript.quoted(label))")
    }
    var script = PlotScript(name: name, title: title)
    script.byteAxis("Size of all tables", from: low, to: high)
    script.capacities(run.hostCaches, from: low, to: high)
    let most =
      (series.flatMap(\.rows) + dense.map(\.0)).compactMap { $0.throughputInterval.high ?? $0.tokensPerSecond }.max()
      ?? 1
    // Leaves 10 % of space above the highest point.
    script.add("set yrange [0:\(most * 1.1)]")
    script.add("set ytics (\(PlotScript.linearTics(upTo: most * 1.1)))")
    script.add("set ylabel 'Throughput (tokens/s)'")
    script.legendBelow(series.map { "lookup, \($0.name)" } + dense.map { denseLabel($0.0, among: dense.map(\.0)) })
    script.plot(elements)
    return Plot(script, data)
  }

  /// `dense, 2 threads`, with the other traits that distinguish the baselines of the plot.
  private func denseLabel(_ row: ResultRow, among rows: [ResultRow]) -> String {
    var parts = ["dense", counted(row.threads, "thread")]
    if Set(rows.map(\.tokens)).count > 1 { parts.append(counted(row.tokens, "token")) }
    if Set(rows.map(\.hidden)).count > 1 { parts.append("d=\(row.hidden)") }
    if Set(rows.map(\.dtype)).count > 1 { parts.append(row.dtype.rawValue) }
    if Set(rows.map(\.cpus)).count > 1 { parts.append(row.cpus) }
    if Set(rows.map(\.memoryPolicy)).count > 1 { parts.append(row.memoryPolicy) }
    if Set(rows.map(\.pageKind)).count > 1, let pages = row.pageKind { parts.append(pages.rawValue) }
    return parts.joined(separator: ", ")
  }

  /// The dense baselines of the series, each with the places of its series.
  private func baselines(of series: [TableSeries], in run: RunData) -> [(ResultRow, [Int])] {
    let pairs = series.enumerated().compactMap { index, line in
      line.rows.first.flatMap(run.baseline).map { (dense: $0, index: index) }
    }
    return grouped(pairs, by: \.dense.pointID).compactMap { _, pairs in
      pairs.first.map { ($0.dense, pairs.map(\.index)) }
    }
  }
}

extension ResultRow.Common {
  /// The interval of the median as tokens/s: the slow end of the time is the low end of the rate.
  var throughputInterval: (low: Double?, high: Double?) {
    func rate(_ nanoseconds: Double?) -> Double? {
      nanoseconds.flatMap { $0 > 0 ? Double(tokens) * 1e9 / $0 : nil }
    }
    return (rate(ci95HighNanoseconds), rate(ci95LowNanoseconds))
  }
}
