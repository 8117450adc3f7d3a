import Kernels
import Plans
import RunStore

/// Measured speed-up of look-ups over dense for each variant of a sweep, such as the shapes of several models, as
/// bars. It needs two variants that have a baseline.
struct VariantPlot: ReportPlot {
  var sweep: String

  func plot(of run: RunData) -> Plot? {
    let rows = run.measured(in: sweep).filter(\.needsBaseline)
    let bars = rows.compactMap { row -> (variant: String, series: String, ratio: Ratio)? in
      guard let variant = run.point(row.pointID)?.variant, let ratio = run.speedup(of: row) else { return nil }
      return (variant, row.variantSeries(among: rows), ratio)
    }
    let variants = grouped(bars, by: \.variant).map(\.key)
    let series = grouped(bars, by: \.series).map(\.key)
    // Variants that are the same layer measured twice have nothing to compare; and each series and variant has one
    // bar.
    guard variants.count >= 2, bars.count == Set(bars.map { "\($0.variant)|\($0.series)" }).count,
      Set(rows.map { [$0.hidden, $0.int(Parameter.tables.name) ?? 0, $0.int(Parameter.tableRows.name) ?? 0] }).count
        == variants.count
    else { return nil }

    let name = "variants-\(fileName(sweep))"
    let title = "Measured speed-up of look-ups over dense, sweep '\(sweep)'"
    var data = PlotData(header: ["line", "place", "speedup", "low", "high", "variant", "series"])
    for bar in bars {
      guard let line = series.firstIndex(of: bar.series), let place = variants.firstIndex(of: bar.variant) else {
        continue
      }
      // The first is at the top; gnuplot counts from the bottom.
      data.append([
        "\(line + 1)", "\(variants.count - place)", PlotScript.cell(bar.ratio.value), PlotScript.cell(bar.ratio.low),
        PlotScript.cell(bar.ratio.high), bar.variant, bar.series,
      ])
    }
    var script = PlotScript(name: name, title: title, height: 190 + (18 + 24 * series.count) * variants.count)
    let tics = variants.enumerated().map { "\(PlotScript.quoted($1)) \(variants.count - $0)" }
    script.add("set ytics (\(tics.joined(separator: ", "))) scale 0")
    script.add("set yrange [0.4:\(variants.count).6]")
    let most = bars.map { $0.ratio.high ?? $0.ratio.value }.max() ?? 1
    script.add("set xrange [0:\(max(most, 1) * 1.05)]")
    script.add("set xlabel 'Speed-up of look-ups over dense (times), whiskers 95 % interval'")
    script.add("set grid noytics")
    script.add("set style fill solid 0.85 noborder")
    // A line at equal time.
    script.add("set arrow from 1, graph 0 to 1, graph 1 nohead front dashtype 3 linewidth 1.5 linecolor '#404040'")
    script.legendBelow(series)
    // The bars of a variant share 0.8 of its space.
    let width = 0.8 / Double(series.count)
    script.plot(
      series.enumerated().flatMap { index, series -> [String] in
        let offset = 0.4 - width * (Double(index) + 0.5)
        let place = "($1 == \(index + 1) ? $2 + \(significant(offset, 3)) : NaN)"
        return [
          "'\(name).csv' skip 1 using ($3/2):\(place):($3/2):(\(significant(width * 0.45, 3))) with boxxyerror "
            + "linecolor '\(PlotScript.colour(index))' title \(PlotScript.quoted(series))",
          "'\(name).csv' skip 1 using 3:\(place):(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with xerrorbars "
            + "linecolor '#202020' linewidth 1.5 pointtype 0 notitle",
        ]
      })
    return Plot(script, data)
  }
}

extension ResultRow {
  /// The traits that distinguish the bars of a variant.
  fileprivate func variantSeries(among rows: [ResultRow]) -> String {
    var parts = [counted(self.tokens, "token"), counted(self.threads, "thread")]
    if Set(rows.map(\.dtype)).count > 1 { parts.append(self.dtype.rawValue) }
    for parameter in [Parameter.projection, .codes] where Set(rows.map { $0.text(parameter.name) }).count > 1 {
      let legend = Networks.columns.first { $0.name == parameter.name }?.legend
      if let text = text(parameter.name) { parts.append(legend?(text) ?? text) }
    }
    return parts.joined(separator: ", ")
  }
}
