import Foundation
import Kernels
import Machines
import Plans
import Projection
import RunStore
import Studies
import Support

/// The answers of an exploration as files: report.md, answers.csv, machines.csv and one plot for each question.
public struct ExplorationReport {
  private let exploration: Exploration
  private let experiment: Experiment
  /// The command that repeats the exploration.
  private let command: String

  public init(_ exploration: Exploration, experiment: Experiment, command: String) {
    self.exploration = exploration
    self.experiment = experiment
    self.command = command
  }

  /// The sections in their order; each base and question of a front has one.
  private var sections: [any ReportSection<Exploration>] {
    [ThresholdsSection() as any ReportSection<Exploration>]
      + exploration.frontGroups.indices.map { FrontSection(group: $0) }
      + [MatchupsSection(), ExplorationMethodSection(command: command)]
  }

  var document: ReportDocument {
    var document = ReportDocument("\(experiment.name)")
    if let question = experiment.question { document.add("\(question)") }
    document.add(
      """
      Everything here is \(strong: "modelled"): no figure of it was measured on the machines that it speaks of, most of which \
      do not exist. One figure of a machine changes at a time, or as stated; all others stay the base's (a larger cache is no \
      slower). The band has every uncertain figure at its bad or good end at once (docs/reference/model.md). Passes \
      repeat over one batch, as in a measurement: what the caches keep of inputs, outputs and values between them costs \
      no memory traffic, so a speed-up jumps where all of one kernel's data just fit and the other's just do not.
      """)
    document.blocks.append(.warnings(whenNone: nil))
    document.add(sections, of: exploration)
    return document
  }

  /// Writes everything into `study`, replacing an earlier exploration; returns problems with plots.
  public func write(to study: StudyDirectory, gnuplot: Gnuplot? = Gnuplot.find()) throws -> [String] {
    try study.removePlots()
    try study.write(exploration.answersCSV, to: "answers.csv")
    try study.write(exploration.machinesCSV, to: "machines.csv")
    var document = document
    return try document.write(into: study, gnuplot: gnuplot, command: "lookahead explore")
  }
}

extension Exploration {
  /// One row for each answer of a threshold question, and one for each machine of a front.
  var answersCSV: String {
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

  /// One row for each machine that was tried.
  var machinesCSV: String {
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
}

extension Exploration {
  /// Thresholds that share a plot: the same figure, measure and base, over all pairs.
  var thresholdGroups: [[Threshold]] {
    grouped(thresholds) { "\($0.figure) \($0.target.metric) \($0.base.name)" }.map { $0.values }
  }

  /// Fronts that share a section and a plot: the same question and base, over all pairs.
  var frontGroups: [[Front]] { grouped(fronts) { "\($0.target.text) \($0.base.name)" }.map { $0.values } }

  /// The most curves in a plot: as many as the palette has colours.
  static var mostCurves: Int { PlotScript.palette.count }

  /// The notice about curves that a plot of `count` curves leaves out; nil for none.
  static func notice(_ count: Int) -> InlineText? {
    count > mostCurves ? "The first \(mostCurves) of \(count) are drawn; machines.csv has all." : nil
  }
}

extension Exploration.Pair {
  /// The part of a pair's label that distinguishes it in a legend.
  var shortLabel: String {
    [
      lookup.value(of: .tableRows).map { "rows=\($0.text)" }, "d=\(lookup.hidden)", counted(lookup.threads, "thread"),
      lookup.dtype == .fp32 ? nil : lookup.dtype.rawValue,
    ].compactMap { $0 }.joined(separator: " ")
  }
}

/// `l2=2MiB bandwidth=614.4`.
public func figuresText(_ figures: [(figure: MachineFigure, value: Double)]) -> String {
  figures.map { "\($0.figure.rawValue)=\($0.figure.text($0.value))" }.joined(separator: " ")
}

extension MachineFigure {
  /// The unit after a number; empty where the number includes it.
  var suffix: String { unit == "bytes" ? "" : " " + unit }
}
