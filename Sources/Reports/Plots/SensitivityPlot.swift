import RunStore

/// The headline look-up's sensitivities on the first machine other than the host (on the host where it is the only
/// one), as a tornado plot: the figure with the largest effect is at the top.
struct SensitivityPlot: ReportPlot {
  /// Further figures have hardly any effect.
  private static let mostFigures = 8

  func plot(of run: RunData) -> Plot? {
    guard let lookup = run.headlinePair.first else { return nil }
    let machines = grouped(run.sensitivities.filter { $0.pointID == lookup.pointID }, by: \.machine)
    let host = run.projections.first { $0.measuredTokensPerSecond != nil }?.machine
    guard let (machine, all) = machines.first(where: { $0.key != host }) ?? machines.first,
      let expected = run.projected(lookup.pointID, on: machine)
    else { return nil }
    let rows = Array(all.sortedBySwing.prefix(Self.mostFigures))
    let name = "sensitivity"
    let title = "Sensitivity of projected (modelled) look-ups on \(machine), \(counted(lookup.threads, "thread"))"
    var data = PlotData(header: ["place", "minus_tenth_percent", "plus_tenth_percent", "figure"])
    for (index, row) in rows.enumerated() {
      data.append([
        "\(rows.count - index)", PlotScript.cell((row.tokensPerSecondAtMinusTenth / expected - 1) * 100),
        PlotScript.cell((row.tokensPerSecondAtPlusTenth / expected - 1) * 100), row.parameter,
      ])
    }
    var script = PlotScript(name: name, title: title, height: 190 + 40 * rows.count)
    let tics = rows.enumerated().map { "\(PlotScript.quoted($1.parameter)) \(rows.count - $0)" }
    script.add("set ytics (\(tics.joined(separator: ", "))) scale 0")
    script.add("set yrange [0.4:\(rows.count).6]")
    // 10 % of one figure can change throughput by 10 % and little more.
    script.add("set xrange [-12:12]")
    script.add("set xlabel 'Change of projected throughput (%)'")
    script.add("set grid noytics")
    script.add("set style fill solid 0.85 noborder")
    script.add("set arrow from 0, graph 0 to 0, graph 1 nohead front linewidth 1.5 linecolor '#404040'")
    let names = ["a tenth lower", "a tenth higher"]
    script.legendBelow(names)
    script.plot(
      names.enumerated().map { index, series in
        "'\(name).csv' skip 1 using ($\(index + 2)/2):1:(abs($\(index + 2))/2):(0.3) with boxxyerror "
          + "linecolor '\(PlotScript.colour(1 - index))' title \(PlotScript.quoted(series))"
      })
    return Plot(script, data)
  }
}
