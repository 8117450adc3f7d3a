import Plans
import RunStore
import Studies

/// The speed-up of look-ups over dense, against table size: measured on the host, and modelled on every machine. It
/// needs a sweep with two table sizes that have a baseline and a projection.
///
/// It shows one thread count (the most) of the first such sweep, so that lines differ only in the machine.
struct SpeedupPlot: ReportPlot {
  func plot(of run: RunData) -> Plot? {
    for sweep in run.sweeps {
      let lookups = run.measured(in: sweep).filter { $0.needsBaseline && $0.tableBytes != nil }
      let most = lookups.map(\.threads).max()
      let rows = lookups.filter { $0.threads == most }.sorted { ($0.tableBytes ?? 0) < ($1.tableBytes ?? 0) }
      let sizes = rows.compactMap(\.tableBytes)
      // One point for each size: a sweep over strategies or placements has no single line to draw.
      guard Set(sizes).count >= 2, Set(sizes).count == sizes.count else { continue }
      if let plot = plot(rows, sweep: sweep, of: run) { return plot }
    }
    return nil
  }

  private struct Line {
    var name: String
    var isMeasured: Bool
    var points: [(tableBytes: Int, ratio: Double)]
  }

  private func plot(_ rows: [ResultRow], sweep: String, of run: RunData) -> Plot? {
    let measured = Line(
      name: "host, measured", isMeasured: true,
      points: rows.compactMap { row in
        guard let size = row.tableBytes, let rate = row.tokensPerSecond,
          let dense = run.baseline(of: row)?.tokensPerSecond
        else { return nil }
        return (size, rate / dense)
      })
    let modelled = grouped(run.projections, by: \.machine).map { machine, projected in
      Line(
        name: "\(machine), modelled", isMeasured: false,
        points: rows.compactMap { row in
          guard let size = row.tableBytes, let own = projected.first(where: { $0.pointID == row.pointID }),
            let ratio = run.projectedRatio(own, among: projected)
          else { return nil }
          return (size, ratio)
        })
    }
    let lines = ([measured] + modelled).filter { $0.points.count >= 2 }
    let sizes = rows.compactMap(\.tableBytes)
    guard lines.count >= 2, let low = sizes.min(), let high = sizes.max(), let threads = rows.first?.threads else {
      return nil
    }

    let name = "speedup"
    let title =
      "Measured and modelled speed-up of look-ups over dense, sweep '\(sweep)', \(counted(threads, "thread"))"
    var data = PlotData(header: ["line", "table_bytes", "speedup", "kind", "machine"])
    var elements: [String] = []
    for (index, line) in lines.enumerated() {
      for point in line.points {
        data.append([
          "\(index + 1)", "\(point.tableBytes)", PlotScript.cell(point.ratio),
          line.isMeasured ? "measured" : "modelled", line.name,
        ])
      }
      elements.append(
        "'\(name).csv' skip 1 using ($1 == \(index + 1) ? $2 : NaN):3 with linespoints linewidth 2 "
          + "dashtype \(line.isMeasured ? 1 : 2) linecolor '\(PlotScript.colour(index))' "
          + "pointtype \(PlotScript.shape(index)) pointsize 0.9 title \(PlotScript.quoted(line.name))")
    }
    var script = PlotScript(name: name, title: title)
    script.byteAxis("Size of all tables", from: low, to: high)
    let most = lines.flatMap(\.points).map(\.ratio).max() ?? 1
    script.add("set yrange [0:\(most * 1.1)]")
    script.add("set ylabel 'Lookup tokens/s over dense tokens/s'")
    script.add("set arrow from graph 0, first 1 to graph 1, first 1 nohead linewidth 1.5 linecolor '#707070'")
    script.legendBelow(lines.map(\.name))
    script.plot(elements)
    return Plot(script, data)
  }
}
