import Kernels
import Plans
import RunStore
import Studies

/// Projected throughput of the headline look-up and its dense baseline on every machine, as bars with their bands.
struct MachinesPlot: ReportPlot {
  func plot(of run: RunData) -> Plot? {
    let pair = run.headlinePair
    let machines = grouped(run.projections, by: \.machine).filter { _, rows in
      pair.contains { point in rows.contains { $0.pointID == point.pointID } }
    }
    guard let lookup = pair.first, !machines.isEmpty else { return nil }
    let name = "machines"
    let title = "Projected (modelled) throughput by machine, \(counted(lookup.threads, "thread"))"
    var data = PlotData(header: [
      "line", "place", "tokens_per_s", "low_tokens_per_s", "high_tokens_per_s", "kernel", "machine", "limiter",
    ])
    // From top to bottom in the experiment's order; gnuplot counts from the bottom.
    for (index, machine) in machines.enumerated() {
      for point in pair {
        guard let row = machine.values.first(where: { $0.pointID == point.pointID }) else { continue }
        data.append([
          point.isBaseline ? "2" : "1", "\(machines.count - index)", PlotScript.cell(row.tokensPerSecond),
          PlotScript.cell(row.lowTokensPerSecond), PlotScript.cell(row.highTokensPerSecond), point.kernel.rawValue,
          machine.key, row.limiter,
        ])
      }
    }
    var script = PlotScript(name: name, title: title, height: 190 + 56 * machines.count)
    let tics = machines.enumerated().map { "\(PlotScript.quoted($1.key)) \(machines.count - $0)" }
    script.add("set ytics (\(tics.joined(separator: ", "))) scale 0")
    script.add("set yrange [0.4:\(machines.count).6]")
    let shown = run.projections.filter { row in pair.contains { $0.pointID == row.pointID } }
    let most = shown.map { max($0.tokensPerSecond, $0.highTokensPerSecond) }.max() ?? 1
    script.add("set xrange [0:\(most * 1.05)]")
    script.add("set xtics (\(PlotScript.linearTics(upTo: most * 1.05)))")
    script.add("set xlabel 'Projected throughput (tokens/s), bars expected, whiskers low to high'")
    script.add("set grid noytics")
    script.add("set style fill solid 0.85 noborder")
    script.legendBelow(pair.map { "\($0.kernel.rawValue) \($0.shapeText)" })
    var elements: [String] = []
    for point in pair {
      let isLookup = !point.isBaseline
      let selected = "($1 == \(isLookup ? 1 : 2) ? $2 \(isLookup ? "+" : "-") 0.19 : NaN)"
      let colour = PlotScript.colour(isLookup ? 0 : 1)
      // x and y, then the bar's extent: from 0 to the value, and 0.17 to both sides.
      elements.append(
        "'\(name).csv' skip 1 using ($3/2):\(selected):($3/2):(0.17) with boxxyerror linecolor '\(colour)' "
          + "title \(PlotScript.quoted("\(point.kernel.rawValue) \(point.shapeText)"))")
      elements.append(
        "'\(name).csv' skip 1 using 3:\(selected):4:5 with xerrorbars linecolor '#202020' linewidth 1.5 pointtype 0 notitle"
      )
    }
    script.plot(elements)
    return Plot(script, data)
  }
}
