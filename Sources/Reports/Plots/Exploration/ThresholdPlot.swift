import Machines
import Studies

/// A measure over one figure of a machine, with a curve for each pair and setting of the other figures, and the
/// thresholds.
struct ThresholdPlot: ReportPlot {
  /// Index among `thresholdGroups`.
  var group: Int

  func plot(of exploration: Exploration) -> Plot? {
    let all = exploration.thresholdGroups[group]
    guard let first = all.first else { return nil }
    let name = "threshold-\(group + 1)"
    let (figure, metric) = (first.figure, first.target.metric)
    let title = "Modelled: \(metric.title), from \(first.base.name), by \(figure.rawValue)"
    var data = PlotData(header: ["line", figure.rawValue, metric.rawValue, "low", "high", "series"])
    var titles: [String] = []
    var values: [Double] = []
    for one in all where titles.count < Exploration.mostCurves {
      let series = ([exploration.pairs[one.pair].shortLabel] + (one.others.isEmpty ? [] : [figuresText(one.others)]))
        .joined(separator: " ")
      // Questions that differ only in their threshold have the same curves.
      guard !titles.contains(series) else { continue }
      titles.append(series)
      for tried in one.tried {
        guard let value = tried.value(metric), let x = tried.variant.value(figure) else { continue }
        data.append(["\(titles.count)", "\(x)", "\(value.expected)", "\(value.low)", "\(value.high)", series])
        values.append(value.expected)
      }
    }
    var asked: [Double] = []
    for case .least(_, _, let threshold) in all.map(\.target.question) { asked.append(threshold) }
    for case .greatest(_, _, let threshold) in all.map(\.target.question) { asked.append(threshold) }
    asked = Set(asked).sorted()
    var script = PlotScript(name: name, title: title)
    script.axis(figure, all.flatMap(\.tried).compactMap { $0.variant.value(figure) })
    if let own = figure.value(of: first.base) {
      script.mark(own, "\(first.base.name): \(figure.text(own) + figure.suffix)")
    }
    // With a linear axis, a curve ten times lower than another would lie on the axis.
    if let least = values.min(), let most = values.max(), least > 0, most > 10 * least {
      script.decadeAxis("Modelled \(metric.title)", around: values + asked)
    } else {
      script.add("set ylabel \(PlotScript.quoted("Modelled \(metric.title)"))")
      script.add("set yrange [0:*]")
    }
    let curves: [String] = titles.enumerated().map { index, title in
      "'\(name).csv' skip 1 using ($1 == \(index + 1) ? $2 : NaN):3 with lines linecolor '\(PlotScript.colour(index))' "
        + "linewidth 2 title \(PlotScript.quoted(title))"
    }
    let thresholds: [String] = asked.enumerated().map { index, threshold in
      "\(threshold) with lines linecolor '#404040' dashtype \(3 + index) title \(PlotScript.quoted("asked for: \(threshold.plain)"))"
    }
    script.legendBelow(titles + asked.map { "asked for: \($0.plain)" })
    script.plot(curves + thresholds)
    return Plot(script, data)
  }
}

extension Double {
  /// The number as a user types it: `2`, `2.5`.
  fileprivate var plain: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}
