import Kernels
import Plans
import RunStore
import Studies

/// FLOPs and bytes of the stages of the headline pair, and their times where they are known.
struct StagesPlot: ReportPlot {
  func plot(of run: RunData) -> Plot? {
    let pair = run.headlinePair
    let rows = pair.flatMap { point in run.stages.filter { $0.pointID == point.pointID } }
    let panels = StagePanel.allCases.filter { panel in rows.contains { panel.value($0) != nil } }
    guard !rows.isEmpty, !panels.isEmpty else { return nil }
    let name = "stages"
    let title =
      "Per token and stage: \(pair.map { "\($0.kernel.rawValue) \($0.shapeText)" }.joined(separator: " and "))"
    var data = PlotData(header: ["line", "place"] + StagePanel.allCases.map(\.rawValue) + ["kernel", "stage"])
    for (index, row) in rows.enumerated() {
      let point = run.result(row.pointID)
      data.append(
        [point?.needsBaseline == true ? "1" : "2", "\(rows.count - index)"]
          + StagePanel.allCases.map { PlotScript.cell($0.value(row)) }
          + [point?.kernel.rawValue, row.stage])
    }
    var script = PlotScript(
      name: name, title: title, width: 340 + 300 * panels.count, height: 130 + 40 * rows.count, panels: panels.count)
    script.add("set yrange [0.4:\(rows.count).6]")
    script.add("set xtics font 'Arial,13'")
    script.add("set grid noytics")
    script.add("set style fill solid 0.85 noborder")
    script.add("unset key")
    script.add("set tmargin 1")
    script.add("set bmargin 4")
    let tics = rows.enumerated().map { index, row in
      let kernel = run.result(row.pointID)?.kernel.rawValue ?? ""
      return "\(PlotScript.quoted("\(kernel): \(row.stage)")) \(rows.count - index)"
    }
    // The names of the stages appear once, at the left; the panels share the rest of the width evenly.
    let left = 230.0 / Double(340 + 300 * panels.count)
    let width = (0.97 - left) / Double(panels.count)
    for (index, panel) in panels.enumerated() {
      script.add("set lmargin at screen \(significant(left + Double(index) * width, 4))")
      script.add("set rmargin at screen \(significant(left + Double(index + 1) * width - 0.04, 4))")
      let labels = index == 0 ? tics : rows.indices.map { "'' \($0 + 1)" }
      script.add("set ytics (\(labels.joined(separator: ", "))) scale 0")
      // Measured and modelled times share a scale, so that they can be compared.
      let shared: [StagePanel] = panel.isTime ? [.measured, .modelled] : [panel]
      let most = (rows.flatMap { row in shared.compactMap { $0.value(row) } }.max() ?? 1) * 1.05
      script.add("set xrange [0:\(most)]")
      script.add("set xtics (\(PlotScript.linearTics(upTo: most)))")
      script.add("set xlabel \(PlotScript.quoted(panel.title))")
      let column = 3 + (StagePanel.allCases.firstIndex(of: panel) ?? 0)
      let bars = [1, 2].map { line in
        "'\(name).csv' skip 1 using ($\(column)/2):($1 == \(line) ? $2 : NaN):($\(column)/2):(0.36) with boxxyerror "
          + "linecolor '\(PlotScript.colour(line - 1))'"
      }
      script.plot(bars)
    }
    script.add("unset multiplot")
    return Plot(script, data)
  }
}

/// One quantity of a stage; raw values are column names of the plot's data.
private enum StagePanel: String, CaseIterable {
  case flop = "flop_per_token"
  case bytes = "algorithmic_bytes_per_token"
  case measured = "measured_ns_per_token"
  case modelled = "modelled_ns_per_token"

  var title: String {
    switch self {
    case .flop: return "FLOP (counted)"
    case .bytes: return "Algorithmic bytes (counted)"
    case .measured: return "Time (measured, ns)"
    case .modelled: return "Time (modelled, ns)"
    }
  }

  var isTime: Bool { self == .measured || self == .modelled }

  func value(_ row: StageRow) -> Double? {
    switch self {
    case .flop: return row.flopPerToken
    case .bytes: return row.algorithmicBytesPerToken
    case .measured: return row.measuredNanosecondsPerToken
    case .modelled: return row.modelledNanosecondsPerToken
    }
  }
}
