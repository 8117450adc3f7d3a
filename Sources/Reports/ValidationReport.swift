import Foundation
import Kernels
import Machines
import Plans
import RunStore
import Statistics
import Studies
import Support

/// The study of a run's projections against its measurements: report.md, its tables as CSV, the machine, and two plots.
public struct ValidationReport {
  private let validation: Validation
  private let manifest: Manifest
  /// What tables and plots hold each point against.
  private let reference: Validation.Reference
  /// The command that writes the report again from the run.
  private let command: String
  /// What is wrong with the run.
  private let warnings: [String]

  /// Writes the study into `study`; returns problems with plots, whose data and scripts lie ready in any case.
  public static func write(
    _ validation: Validation, of run: RunDirectory, against reference: Validation.Reference = .median,
    to study: StudyDirectory, gnuplot: Gnuplot? = Gnuplot.find()
  ) throws -> [String] {
    let report = ValidationReport(
      validation: validation, manifest: run.manifest, reference: reference,
      command:
        "lookahead validate \(shellQuoted(run.path))\(reference == .median ? "" : " --against \(reference.rawValue)") --report "
        + shellQuoted(study.path), warnings: try run.disagreementWarning().map { [$0] } ?? [])
    let plots = [report.diagonalPlot, report.axesPlot].compactMap { $0 }
    try study.write(report.pointsCSV, to: "points.csv")
    try study.write(report.stagesCSV, to: "stages.csv")
    try study.write(validation.machine.yaml(), to: RunDirectory.hostMachineName)
    let (drawn, problems) = try study.draw(plots, with: gnuplot)
    try study.write(report.markdown(drawn), to: "report.md")
    return problems
  }

  // MARK: - Text

  private func markdown(_ plots: [Plot]) -> String {
    let entries = validation.entries
    var text = "# Projected against measured throughput\n\n"
    text +=
      "\(counted(entries.count, "point")) of the run \(markdownCode(manifest.runID)) (\(Manifest.timestamp(manifest.created)), "
    text +=
      "\(markdownCode(manifest.experimentFile))) on \(markdownText(validation.machine.description)), each projected from the machine's "
    text +=
      "micro-benchmarks alone ([host.yaml](host.yaml)). An error is projected over measured throughput, less one: "
    text += "above zero the model is too fast. docs/MODEL.md has the equations.\n\n"
    let references = Validation.Reference.allCases.filter { validation.meanAbsoluteError($0) != nil }
    var summary = MarkdownTable([("", .left)] + references.map { ("against \($0.phrase)", .right) })
    func row(_ title: String, _ cell: (Validation.Reference) -> String) {
      summary.append([title] + references.map(cell))
    }
    func errors(_ reference: Validation.Reference) -> ErrorSummary {
      ErrorSummary(entries.compactMap { $0.relativeError(reference) })
    }
    row("mean absolute error") { percent(errors($0).magnitude) }
    row("bias") { percent(errors($0).bias, signed: true) }
    row("median absolute error") { percent(errors($0).median) }
    row("rank correlation") { validation.rankCorrelation($0).map { String(format: "%.3f", $0) } ?? "–" }
    row("measured within low and high") { validation.shareWithinBand($0).map { percent($0) } ?? "–" }
    for warning in warnings { text += "> **Warning:** \(warning).\n\n" }
    text += summary.text + "\nThe tables and plots below hold each point against its \(reference.singular)"
    text +=
      reference == .fastest
      ? ", the one that others on the machine disturbed least, as the machine's own figures are.\n\n" : ".\n\n"
    text += plots.map(markdownFigure).joined()
    for axis in ValidationAxis.allCases {
      text += "## By \(axis.title)\n\n" + table(axis.title, groups(axis)) + "\n"
    }
    let stages = stageGroups
    if !stages.isEmpty {
      text +=
        "## By stage\n\nStages that were timed on their own; the error is measured over modelled time, less one, and the share "
      text += "is the stage's part of its points' measured time.\n\n"
      var table = MarkdownTable([
        ("stage", .left), ("points", .right), ("mean absolute error", .right), ("bias", .right),
        ("share of time", .right),
      ])
      for stage in stages {
        table.append([
          stage.name, "\(stage.errors.count)", percent(stage.errors.magnitude),
          percent(stage.errors.bias, signed: true),
          percent(stage.share),
        ])
      }
      text += table.text + "\n"
    }
    text += "## Worst points\n\n" + pointTable(validation.worst(10, reference)) + "\n"
    text += "## All points\n\n" + pointTable(entries) + "\n"
    text += "## Reproduce\n\n" + markdownBlock("\(manifest.command)\n\(command)", "sh")
    text += "[points.csv](points.csv) and [stages.csv](stages.csv) hold the numbers of this page.\n"
    return text
  }

  private func pointTable(_ entries: [Validation.Entry]) -> String {
    var table = MarkdownTable([
      ("point", .left), ("measured tokens/s", .right), ("projected", .right), ("low", .right), ("high", .right),
      ("error", .right), ("limiter", .left),
    ])
    for entry in entries {
      let row = entry.projection
      table.append([
        entry.point.label, entry.measured(reference).map { scaled($0) } ?? "–", scaled(row.tokensPerSecond),
        scaled(row.lowTokensPerSecond), scaled(row.highTokensPerSecond),
        entry.relativeError(reference).map { percent($0, signed: true) } ?? "–", row.limiter,
      ])
    }
    return table.text
  }

  private func table(_ title: String, _ groups: [(name: String, errors: ErrorSummary)]) -> String {
    var table = MarkdownTable([
      (title, .left), ("points", .right), ("mean absolute error", .right), ("bias", .right), ("largest", .right),
    ])
    for group in groups {
      table.append([
        group.name, "\(group.errors.count)", percent(group.errors.magnitude), percent(group.errors.bias, signed: true),
        percent(group.errors.largest, signed: true),
      ])
    }
    return table.text
  }

  // MARK: - Groups

  /// In the order of the plan.
  private func groups(_ axis: ValidationAxis) -> [(name: String, errors: ErrorSummary)] {
    var order: [String] = []
    var errors: [String: [Double]] = [:]
    for entry in validation.entries {
      guard let value = axis.value(entry.point, validation.machine), let error = entry.relativeError(reference) else {
        continue
      }
      if errors[value] == nil { order.append(value) }
      errors[value, default: []].append(error)
    }
    // Numbers by size, names in the order of the plan.
    let sorted = order.allSatisfy { Int($0) != nil } ? order.sorted { (Int($0) ?? 0) < (Int($1) ?? 0) } : order
    return sorted.map { ($0, ErrorSummary(errors[$0] ?? [])) }
  }

  private var stageGroups: [(name: String, errors: ErrorSummary, share: Double)] {
    let stages = validation.entries.flatMap(\.stages).filter { $0.measured(reference) != nil }
    func total(_ stages: [Validation.Stage]) -> Double { stages.reduce(0) { $0 + ($1.measured(reference) ?? 0) } }
    var names: [String] = []
    for stage in stages where !names.contains(stage.name) { names.append(stage.name) }
    return names.map { name in
      let own = stages.filter { $0.name == name }
      return (name, ErrorSummary(own.compactMap { $0.relativeError(reference) }), total(own) / total(stages))
    }
  }

  // MARK: - Data

  private var pointsCSV: String {
    var data = CSVWriter(
      header: ["point_id", "point"] + ValidationAxis.allCases.map(\.column) + [
        "measured_tokens_per_s", "fastest_tokens_per_s", "projected_tokens_per_s", "low_tokens_per_s",
        "high_tokens_per_s", "error", "error_against_fastest", "limiter",
      ])
    for entry in validation.entries {
      let row = entry.projection
      data.append(
        [entry.point.id, entry.point.label] + ValidationAxis.allCases.map { $0.value(entry.point, validation.machine) }
          + [
            PlotScript.cell(entry.measuredTokensPerSecond), PlotScript.cell(entry.fastestTokensPerSecond),
            PlotScript.cell(row.tokensPerSecond), PlotScript.cell(row.lowTokensPerSecond),
            PlotScript.cell(row.highTokensPerSecond), PlotScript.cell(entry.relativeError(.median)),
            PlotScript.cell(entry.relativeError(.fastest)), row.limiter,
          ])
    }
    return data.text
  }

  private var stagesCSV: String {
    var data = CSVWriter(header: [
      "point_id", "stage", "measured_ns_per_token", "fastest_ns_per_token", "modelled_ns_per_token", "error",
      "error_against_fastest",
    ])
    for entry in validation.entries {
      for stage in entry.stages {
        data.append([
          entry.point.id, stage.name, PlotScript.cell(stage.medianNanoseconds),
          PlotScript.cell(stage.fastestNanoseconds), PlotScript.cell(stage.modelledNanoseconds),
          PlotScript.cell(stage.relativeError(.median)), PlotScript.cell(stage.relativeError(.fastest)),
        ])
      }
    }
    return data.text
  }

  // MARK: - Plots

  private var diagonalPlot: Plot? {
    RunData.diagonalPlot(
      validation.entries.compactMap { entry in
        entry.measured(reference).map {
          RunData.ProjectedPoint(
            row: entry.projection, measured: $0, kernel: entry.point.kernel, label: entry.point.label)
        }
      })
  }

  /// Errors of all points, side by side for each value of each axis.
  private var axesPlot: Plot? {
    guard !validation.entries.isEmpty else { return nil }
    let name = "error-by-axis"
    let title = "Error of the projection: each point, and the mean of its group"
    var data = PlotData(header: ["place", "line", "group", "error", "point"])
    var tics: [String] = []
    var place = 0
    for axis in ValidationAxis.allCases {
      for group in groups(axis) {
        place += 1
        tics.append("\(PlotScript.quoted("\(axis.short) \(group.name)")) \(place)")
        for entry in validation.entries where axis.value(entry.point, validation.machine) == group.name {
          guard let error = entry.relativeError(reference) else { continue }
          data.append(["\(place)", "1", group.name, PlotScript.cell(100 * error), entry.point.label])
        }
        data.append(["\(place)", "2", group.name, PlotScript.cell(100 * group.errors.bias), "mean"])
      }
      // An empty place between axes.
      place += 1
    }
    var script = PlotScript(name: name, title: title, height: 600)
    script.add("set ylabel 'Projected / measured - 1 (%)'")
    script.add("set xrange [0.3:\(Double(place) - 0.3)]")
    script.add("set xtics (\(tics.joined(separator: ", "))) rotate by 50 right font 'Arial,12'")
    script.legendBelow(["a point", "mean of the group"])
    // Below slanted labels, which take four lines more than straight ones.
    script.add("set bmargin 9.5")
    script.plot([
      "0 with lines linecolor '#404040' linewidth 1.5 notitle",
      "10 with lines linecolor '#909090' dashtype 2 notitle", "-10 with lines linecolor '#909090' dashtype 2 notitle",
      "20 with lines linecolor '#B0B0B0' dashtype 3 notitle", "-20 with lines linecolor '#B0B0B0' dashtype 3 notitle",
      "'\(name).csv' skip 1 using ($2 == 1 ? $1 : NaN):4 with points linecolor '\(PlotScript.colour(0))' pointtype 6 title 'a point'",
      "'\(name).csv' skip 1 using ($2 == 2 ? $1 : NaN):4 with points linecolor '\(PlotScript.colour(1))' pointtype 9 pointsize 1.4 title 'mean of the group'",
    ])
    return Plot(kind: .validation, name: name, title: title, data: data.text, script: script.text)
  }
}

extension Validation.Reference {
  fileprivate var singular: String { self == .median ? "median" : "fastest sample" }
  fileprivate var phrase: String { self == .median ? "medians" : "fastest samples" }
}

/// Errors of a group of points, as fractions.
private struct ErrorSummary {
  var count: Int
  var magnitude: Double
  var bias: Double
  var median: Double
  /// The one of the largest magnitude.
  var largest: Double

  init(_ errors: [Double]) {
    count = errors.count
    let n = Double(max(1, errors.count))
    magnitude = errors.reduce(0) { $0 + abs($1) } / n
    bias = errors.reduce(0, +) / n
    median = errors.isEmpty ? .nan : quantile(errors.map(abs).sorted(), 0.5)
    largest = errors.max { abs($0) < abs($1) } ?? .nan
  }
}

/// What the points of a study are grouped by.
private enum ValidationAxis: CaseIterable {
  case kernel, order, tables, dtype, tokens, threads

  var title: String {
    switch self {
    case .kernel: return "kernel"
    case .order: return "order of the look-ups"
    case .tables: return "place of the tables"
    case .dtype: return "element type"
    case .tokens: return "batch"
    case .threads: return "threads"
    }
  }

  /// Before a value, on an axis of a plot.
  var short: String { self == .threads ? "threads" : self == .tokens ? "tokens" : "" }

  var column: String {
    switch self {
    case .kernel: return "kernel"
    case .order: return "order"
    case .tables: return "tables_in"
    case .dtype: return "dtype"
    case .tokens: return "tokens"
    case .threads: return "threads"
    }
  }

  func value(_ point: Point, _ machine: Machine) -> String? {
    switch self {
    case .kernel: return point.kernel.rawValue
    case .order: return point.kernel == .lookup ? point.strategy?.order.rawValue ?? "auto" : nil
    case .tables:
      guard let bytes = point.tableBytes else { return nil }
      return machine.caches.first { bytes <= $0.sizeBytes }?.name ?? "memory"
    case .dtype: return point.dtype.rawValue
    case .tokens: return "\(point.tokens)"
    case .threads: return "\(point.threads)"
    }
  }
}
