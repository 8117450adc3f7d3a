import Foundation
import Kernels
import Machines
import Plans
import Projection
import RunStore
import Studies
import Support

/// The answers of an exploration as files: report.md, answers.csv, machines.csv and a plot a question.
public struct ExplorationReport {
  public let markdown: String
  public let answers: String
  public let machines: String
  let plots: [Plot]

  /// `command` is what made it, for the reader who wants to make it again.
  public init(_ exploration: Exploration, experiment: Experiment, command: String) {
    answers = exploration.answersCSV
    machines = exploration.machinesCSV
    let plots = exploration.plots
    self.plots = plots
    var text = "# \(markdownText(experiment.name))\n\n"
    if let question = experiment.question { text += "\(markdownText(question))\n\n" }
    text += """
      Everything here is **modelled**: no figure of it was measured on the machines that it speaks of, most of which do not exist. \
      One figure of a machine changes at a time, or as stated; all others stay the base's (a larger cache is no slower). The \
      band has every uncertain figure at its bad or good end at once (docs/MODEL.md). Passes repeat over one batch, as in a \
      measurement: what the caches keep of inputs, outputs and values between them costs no memory traffic, so a speed-up \
      jumps where all of one kernel's data just fit and the other's just do not.\n\n
      """
    func picture(_ name: String) -> String {
      plots.first { $0.name == name }.map(markdownFigure) ?? ""
    }
    if !exploration.thresholds.isEmpty { text += "## Thresholds\n\n" + exploration.thresholdTable + "\n" }
    for (index, group) in exploration.thresholdGroups.enumerated() {
      let curves = Set(group.map { "\($0.pair) \(figuresText($0.others))" }).count
      text += Exploration.notice(curves) + picture("threshold-\(index + 1)")
    }
    for (index, group) in exploration.frontGroups.enumerated() {
      text += "## \(markdownText(group[0].target.text)) on \(markdownText(group[0].base.name))\n\n"
      text += Exploration.notice(group.count) + picture("pareto-\(index + 1)")
      for front in group {
        text += "\(markdownText(exploration.pairs[front.pair].label)): \(counted(front.points.count, "machine")) of "
        text += "\(front.tried.count) that no other beats"
        text += Exploration.isLong(front) ? "; some of them, evenly chosen (all: answers.csv):\n\n" : ":\n\n"
        text += exploration.frontTable(front) + "\n"
      }
    }
    text += "## How it was made\n\n" + markdownBlock(command, "sh")
    text +=
      "\(exploration.evaluations) projections, each of one network on one machine, from one reuse profile a network.\n"
    if let check = exploration.check {
      text += """
        \(check.machines) of the machines were simulated exactly too: tokens/s from the profile differ by \
        \(percent(check.meanError)) on average, at most \(percent(check.worstError, signed: true)) (\(markdownText(check.worst))).\n
        """
    }
    markdown = text
  }

  /// Writes everything into `study`, in place of an earlier exploration; returns problems with plots.
  public func write(to study: StudyDirectory, gnuplot: Gnuplot? = Gnuplot.find()) throws -> [String] {
    try study.removePlots()
    try study.write(answers, to: "answers.csv")
    try study.write(machines, to: "machines.csv")
    let problems = try study.draw(plots, with: gnuplot).problems
    try study.write(markdown, to: "report.md")
    return problems
  }
}

extension Exploration {
  /// One row an answer of a threshold question, and one a machine of a front.
  fileprivate var answersCSV: String {
    var csv = CSVWriter(header: [
      "target", "point", "base", "others", "figure", "unit", "value", "at_edge", "cautious_value", "base_value",
      "metric", "low", "expected",
      "high", "holds_beyond", "limiter",
    ])
    for one in thresholds {
      let value = one.answer?.value(one.target.metric)
      csv.append([
        one.target.text, pairs[one.pair].lookup.id, one.base.name, figuresText(one.others), one.figure.rawValue,
        one.figure.unit, PlotScript.cell(one.value(one.answer)), one.answer.map { _ in one.isAtEdge ? "1" : "0" },
        PlotScript.cell(one.value(one.cautious)),
        PlotScript.cell(one.figure.value(of: one.base)), one.target.metric.rawValue, PlotScript.cell(value?.low),
        PlotScript.cell(value?.expected), PlotScript.cell(value?.high),
        one.answer.map { _ in one.holdsBeyond ? "1" : "0" },
        one.answer?.limiter.rawValue,
      ])
    }
    for front in fronts {
      for point in front.points {
        let value = point.value(front.target.metric)
        csv.append([
          front.target.text, pairs[front.pair].lookup.id, front.base.name, figuresText(point.variant.figures), nil, nil,
          nil,
          nil, nil, nil, front.target.metric.rawValue, PlotScript.cell(value?.low), PlotScript.cell(value?.expected),
          PlotScript.cell(value?.high), nil, point.limiter.rawValue,
        ])
      }
    }
    return csv.text
  }

  /// Every machine tried.
  fileprivate var machinesCSV: String {
    var csv = CSVWriter(
      header: ["target", "point", "base"] + MachineFigure.allCases.map { $0.rawValue.replacing("-", with: "_") }
        + [
          "speedup", "speedup_low", "speedup_high", "socket_speedup", "tokens_per_s", "socket_tokens_per_s", "limiter",
          "dense_limiter",
        ])
    for (target, tried) in thresholds.map({ ($0.target, $0.tried) }) + fronts.map({ ($0.target, $0.tried) }) {
      for one in tried {
        csv.append(
          [target.text, pairs[one.pair].lookup.id, one.variant.base]
            + MachineFigure.allCases.map { PlotScript.cell($0.value(of: one.variant.machine)) }
            + [
              PlotScript.cell(one.speedup?.expected), PlotScript.cell(one.speedup?.low),
              PlotScript.cell(one.speedup?.high),
              PlotScript.cell(one.socketSpeedup?.expected), PlotScript.cell(one.tokensPerSecond.expected),
              PlotScript.cell(one.socketTokensPerSecond.expected), one.limiter.rawValue, one.denseLimiter?.rawValue,
            ])
      }
    }
    return csv.text
  }

  fileprivate var thresholdTable: String {
    var table = MarkdownTable([
      ("question", .left), ("point", .left), ("base", .left), ("with", .left), ("base has", .right), ("answer", .right),
      ("even at the low end", .right), ("measure there", .right), ("limiter", .left), ("and beyond", .left),
    ])
    for one in thresholds {
      let value = one.answer?.value(one.target.metric)
      func text(_ value: Double?) -> String { value.map { one.figure.text($0) + one.figure.suffix } ?? "none" }
      table.append([
        one.target.text, pairs[one.pair].label, one.base.name, one.others.isEmpty ? nil : figuresText(one.others),
        text(one.figure.value(of: one.base)), one.answerText + (one.answer == nil ? "" : one.figure.suffix),
        text(one.value(one.cautious)),
        value.map { "\(significant($0.expected)) [\(significant($0.low)), \(significant($0.high))]" },
        one.answer?.limiter.rawValue, one.answer.map { _ in one.holdsBeyond ? "holds" : "not everywhere" },
      ])
    }
    return table.text
  }

  fileprivate func frontTable(_ front: Front) -> String {
    var table = MarkdownTable(
      front.figures.map { ($0.rawValue, .right) }
        + [(front.target.metric.title, .right), ("limiter", .left), ("limiter of dense", .left)])
    for point in Exploration.isLong(front) ? evenly(front.points, Exploration.mostRows) : front.points {
      let value = point.value(front.target.metric)
      table.append(
        front.figures.map { figure in point.variant.value(figure).map { figure.text($0) + figure.suffix } }
          + [
            value.map { "\(significant($0.expected)) [\(significant($0.low)), \(significant($0.high))]" },
            point.limiter.rawValue, point.denseLimiter?.rawValue,
          ])
    }
    return table.text
  }

  // MARK: - Plots

  /// One a base and what is asked of it, over all pairs.
  fileprivate var plots: [Plot] {
    thresholdGroups.enumerated().compactMap { thresholdPlot($1, name: "threshold-\($0 + 1)") }
      + frontGroups.enumerated().compactMap { frontPlot($1, name: "pareto-\($0 + 1)") }
  }

  fileprivate var thresholdGroups: [[Threshold]] {
    grouped(thresholds) { "\($0.figure) \($0.target.metric) \($0.base.name)" }.map { $0.values }
  }

  fileprivate var frontGroups: [[Front]] { grouped(fronts) { "\($0.target.text) \($0.base.name)" }.map { $0.values } }

  /// A palette's worth of curves: more could not be told apart.
  private static var mostCurves: Int { PlotScript.palette.count }

  /// Rows of a front's table that one still reads.
  private static let mostRows = 12

  fileprivate static func isLong(_ front: Front) -> Bool { front.points.count > mostRows }

  /// What a plot of `count` curves leaves out.
  fileprivate static func notice(_ count: Int) -> String {
    count > mostCurves ? "The first \(mostCurves) of \(count) are drawn; machines.csv has all.\n\n" : ""
  }

  private func thresholdPlot(_ all: [Threshold], name: String) -> Plot? {
    guard let first = all.first else { return nil }
    let (figure, metric) = (first.figure, first.target.metric)
    let title = "Modelled: \(metric.title), from \(first.base.name)"
    var data = PlotData(header: ["line", figure.rawValue, metric.rawValue, "low", "high", "series"])
    var titles: [String] = []
    var values: [Double] = []
    for one in all where titles.count < Exploration.mostCurves {
      let series = ([pairs[one.pair].shortLabel] + (one.others.isEmpty ? [] : [figuresText(one.others)]))
        .joined(separator: " ")
      // Questions that differ in what they ask for alone have the same curves.
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
    // Where one curve is ten times another, the lower one would lie on the axis.
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
    return Plot(
      kind: .machines, name: name, title: "\(title), by \(figure.rawValue)", data: data.text, script: script.text)
  }

  /// The first figure across; what others a machine has shows only in its being on the front or not.
  private func frontPlot(_ all: [Front], name: String) -> Plot? {
    guard let first = all.first else { return nil }
    let (figure, metric) = (first.figures[0], first.target.metric)
    let title = "Modelled: \(first.target.text), from \(first.base.name)"
    var data = PlotData(header: ["line", figure.rawValue, metric.rawValue, "others", "series"])
    let drawn = all.prefix(Exploration.mostCurves)
    let titles = drawn.map { pairs[$0.pair].shortLabel }
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
    return Plot(kind: .machines, name: name, title: title, data: data.text, script: script.text)
  }
}

/// `count` of the elements, the first and the last among them.
private func evenly<Element>(_ elements: [Element], _ count: Int) -> [Element] {
  (0..<count).map { elements[$0 * (elements.count - 1) / (count - 1)] }
}

extension Exploration.Pair {
  /// What tells pairs apart in a legend.
  var shortLabel: String {
    [
      lookup.tableRows.map { "rows=\($0)" }, "d=\(lookup.hidden)", counted(lookup.threads, "thread"),
      lookup.dtype == .fp32 ? nil : lookup.dtype.rawValue,
    ].compactMap { $0 }.joined(separator: " ")
  }
}

/// `l2=2MiB bandwidth=614.4`.
public func figuresText(_ figures: [(figure: MachineFigure, value: Double)]) -> String {
  figures.map { "\($0.figure.rawValue)=\($0.figure.text($0.value))" }.joined(separator: " ")
}

extension MachineFigure {
  /// The unit behind a number, where the number does not carry it.
  var suffix: String { unit == "bytes" ? "" : " " + unit }
}

extension Double {
  /// `2` and `2.5`: as one would type it.
  fileprivate var plain: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}

extension PlotScript {
  /// A labelled vertical line.
  fileprivate mutating func mark(_ x: Double, _ label: String) {
    add("set title offset 0,0.5")
    add("set tmargin 3.8")
    add("set arrow from \(x), graph 0 to \(x), graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'")
    add("set label \(PlotScript.quoted(label)) at \(x), graph 1.03 center font 'Arial,13' textcolor '#505050'")
  }

  /// A logarithmic axis over the figure's `values`.
  fileprivate mutating func axis(_ figure: MachineFigure, _ values: [Double]) {
    let (low, high) = (values.min() ?? 1, values.max() ?? 1)
    if figure.unit == "bytes" {
      byteAxis(figure.title, from: Int(low), to: Int(high))
    } else {
      add("set xlabel \(PlotScript.quoted(figure.title))")
      add("set logscale x 2")
      add("set xrange [\(low / 1.1):\(high * 1.1)]")
    }
  }
}
