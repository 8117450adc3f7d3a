import Machines
import Studies

/// A measure over the first figure of a front. A machine's other figures show only in whether it is on the front.
struct FrontPlot: ReportPlot {
  /// Index among `frontGroups`.
  var group: Int

  func plot(of exploration: Exploration) -> Plot? {
    let all = exploration.frontGroups[group]
    guard let first = all.first else { return nil }
    let name = "pareto-\(group + 1)"
    let (figure, metric) = (first.figures[0], first.target.metric)
    let title = "Modelled: \(first.target.text), from \(first.base.name)"
    var data = PlotData(header: ["line", figure.rawValue, metric.rawValue, "others", "series"])
    let drawn = all.prefix(Exploration.mostCurves)
    let titles = drawn.map { exploration.pairs[$0.pair].shortLabel }
    let sets =
      [("all machines tried", drawn.flatMap(\.tried))]
      + zip(titles, drawn).map { ($0.0 + ", beaten by none", $0.1.points) }
    for (line, (series, machines)) in sets.enumerated() {
      for one in machines {
        guard let value = one.value(metric), let x = one.variant.value(figure) else { continue }
        data.append([
          "\(line)", "\(x)", "\(value.expected)", figuresText(one.variant.figures.filter { $0.figure != figure }),
          series,
        ])
      }
    }
    var script = PlotScript(name: name, title: title)
    script.axis(figure, drawn.flatMap(\.tried).compactMap { $0.variant.value(figure) })
    if let own = figure.value(of: first.base) {
      script.mark(own, "\(first.base.name): \(figure.text(own) + figure.suffix)")
    }
    script.add("set ylabel \(PlotScript.quoted("Modelled \(metric.title)"))")
    script.add("set yrange [0:*]")
    script.legendBelow(sets.map(\.0), most: 2)
    script.plot(
      sets.enumerated().map { line, set in
        let look =
          line == 0
          ? "linecolor '#C8C8C8' pointtype 7 pointsize 0.3"
          : "linecolor '\(PlotScript.colour(line - 1))' pointtype \(PlotScript.shape(line - 1)) pointsize 0.8"
        return "'\(name).csv' skip 1 using ($1 == \(line) ? $2 : NaN):3 with points \(look) title "
          + PlotScript.quoted(set.0)
      })
    return Plot(script, data)
  }
}
