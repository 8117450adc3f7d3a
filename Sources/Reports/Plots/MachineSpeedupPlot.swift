import RunStore

/// Modelled speed-up of the headline look-up over its dense baseline on every machine, as bars for the point's
/// threads and for the whole socket. It needs at least two machines.
struct MachineSpeedupPlot: ReportPlot {
  func plot(of run: RunData) -> Plot? {
    let rows = run.machineSpeedups
    guard let lookup = run.headlinePair.first, rows.count >= 2 else { return nil }
    let name = "machine-speedup"
    let title = "Projected (modelled) speed-up of look-ups over dense by machine"
    var data = PlotData(header: ["line", "place", "speedup", "threads", "machine"])
    // The largest is at the top; gnuplot counts from the bottom.
    for (index, row) in rows.enumerated() {
      let place = "\(rows.count - index)"
      data.append(["1", place, PlotScript.cell(row.atPoint), "\(lookup.threads)", row.machine])
      if let socket = row.atSocket {
        data.append(["2", place, PlotScript.cell(socket), row.lookup.socketCores.map(String.init), row.machine])
      }
    }
    var script = PlotScript(name: name, title: title, height: 190 + 34 * rows.count)
    let tics = rows.enumerated().map { "\(PlotScript.quoted($1.machine)) \(rows.count - $0)" }
    script.add("set ytics (\(tics.joined(separator: ", "))) scale 0")
    script.add("set yrange [0.4:\(rows.count).6]")
    let most = rows.map { max($0.atPoint, $0.atSocket ?? 0) }.max() ?? 1
    script.add("set xrange [0:\(most * 1.05)]")
    script.add("set xlabel 'Projected speed-up of look-ups over dense (times)'")
    script.add("set grid noytics")
    script.add("set style fill solid 0.85 noborder")
    // A line at equal time.
    script.add("set arrow from 1, graph 0 to 1, graph 1 nohead front dashtype 3 linewidth 1.5 linecolor '#404040'")
    let names = [counted(lookup.threads, "thread"), "whole socket"]
    script.legendBelow(names)
    script.plot(
      names.enumerated().map { index, series in
        "'\(name).csv' skip 1 using ($3/2):($1 == \(index + 1) ? $2 \(index == 0 ? "+" : "-") 0.19 : NaN):($3/2):(0.17) "
          + "with boxxyerror linecolor '\(PlotScript.colour(index))' title \(PlotScript.quoted(series))"
      })
    return Plot(script, data)
  }
}
