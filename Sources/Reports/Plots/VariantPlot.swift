import Kernels
import Plans
import RunStore

/// Measured speed-up of look-ups over dense for each variant of a sweep, such as the shapes of several models, as bars. It takes
/// two variants that have a baseline.
struct VariantPlot: ReportPlot {
  var sweep: String

  func plot(of run: RunData) -> Plot? {
    let rows = run.measured(in: sweep).filter(\.isHeldAgainstBaseline)
    let bars = rows.compactMap { row -> (variant: String, series: String, ratio: Ratio)? in
      guard let variant = run.point(row.pointID)?.variant, let ratio = run.speedup(of: row) else { return nil }
      return (variant, row.variantSeries(among: rows), ratio)
    }
    let variants = grouped(bars, by: \.variant).map(\.key)
    let series = grouped(bars, by: \.series).map(\.key)
    // Variants that are the same layer measured twice have nothing to show; and one bar for each series and variant.
    guard variants.count >= 2, bars.count == Set(bars.map { "\($0.variant)|\($0.series)" }).count,
      Set(rows.map { [$0.hidden, $0.tables ?? 0, $0.tableRows ?? 0] }).count == variants.count
    else { return nil }

    let name = "variants-\(fileName(sweep))"
    let title = "Measured speed-up of look-ups over dense, sweep '\(sweep)'"
    var data = PlotData(header: ["line", "place", "speedup", "low", "high", "variant", "series"])
    for bar in bars {
      guard let line = series.firstIndex(of: bar.series), let place = variants.firstIndex(of: bar.variant) else {
        continue
      }
      // The first on top; gnuplot counts from the bottom.
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
    // Where both take the same time.
    script.add("set arrow from 1, graph 0 to 1, graph 1 nohead front dashtype 3 linewidth 1.5 linecolor '#404040'")
    script.legendBelow(series)
    // The bars of a variant share 0.8 of its place.
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
  /// What tells the bars of a variant apart.
  fileprivate func variantSeries(among rows: [ResultRow]) -> String {
    var parts = [counted(tokens, "token"), counted(threads, "thread")]
    if Set(rows.map(\.dtype)).count > 1 { parts.append(dtype.rawValue) }
    if Set(rows.map(\.projection)).count > 1, let projection { parts.append("\(projection.rawValue) hash") }
    if Set(rows.map(\.codes)).count > 1, let codes { parts.append(codes.rawValue) }
    return parts.joined(separator: ", ")
  }
}
