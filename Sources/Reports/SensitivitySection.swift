import RunStore

extension RunData {
  /// More would be figures that move nothing.
  private static let longestTornado = 8

  /// Per machine, the figures that move the headline lookup's projection most; empty without sensitivities.
  var sensitivitySection: String {
    guard let lookup = headlinePair.first else { return "" }
    let machines = grouped(sensitivities.filter { $0.pointID == lookup.pointID }, by: \.machine)
    guard !machines.isEmpty else { return "" }
    var table = MarkdownTable([
      ("machine", .code), ("figure", .code), ("a tenth lower", .right), ("a tenth higher", .right),
    ])
    for (machine, rows) in machines {
      guard let expected = projected(lookup.pointID, on: machine) else { continue }
      // The three that matter most name what to measure better, or to build differently.
      for (index, row) in sortedBySwing(rows).prefix(3).enumerated() {
        table.append([
          index == 0 ? machine : "", row.parameter,
          percent(row.tokensPerSecondAtMinusTenth / expected - 1, signed: true),
          percent(row.tokensPerSecondAtPlusTenth / expected - 1, signed: true),
        ])
      }
    }
    return
      "## Sensitivity\n\nHow far a tenth less and a tenth more of a figure moves the projection of "
      + "\(markdownText(label(lookup.pointID))); modelled. Capacities of caches are not moved here: `lookahead project --sensitivity` "
      + "moves them too.\n\n" + table.text + "\n"
  }

  /// The headline lookup's sensitivities on the first machine that is not the host (on the host where there is no other).
  var tornadoPlot: Plot? {
    guard let lookup = headlinePair.first else { return nil }
    let machines = grouped(sensitivities.filter { $0.pointID == lookup.pointID }, by: \.machine)
    let host = projections.first { $0.measuredTokensPerSecond != nil }?.machine
    guard let (machine, all) = machines.first(where: { $0.key != host }) ?? machines.first,
      let expected = projected(lookup.pointID, on: machine)
    else { return nil }
    let rows = Array(sortedBySwing(all).prefix(Self.longestTornado))
    let name = "sensitivity"
    let title = plotTitle(
      "Sensitivity of projected (modelled) look-ups on \(machine), \(counted(lookup.threads, "thread"))")
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
    // A tenth of one figure can move throughput by a tenth and little more.
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
    return Plot(kind: .sensitivity, name: name, title: title, data: data.text, script: script.text)
  }

  private func projected(_ pointID: String, on machine: String) -> Double? {
    projections.first { $0.pointID == pointID && $0.machine == machine && $0.tokensPerSecond > 0 }?.tokensPerSecond
  }

  private func sortedBySwing(_ rows: [SensitivityRow]) -> [SensitivityRow] {
    func swing(_ row: SensitivityRow) -> Double {
      abs(row.tokensPerSecondAtPlusTenth - row.tokensPerSecondAtMinusTenth)
    }
    return rows.sorted { swing($0) > swing($1) }
  }
}
