import Foundation
import Kernels
import Machines
import Plans
import RunStore
import Simulation
import Statistics
import Studies
import Support

/// The study of a run's projections against its measurements: report.md, its tables as CSV, the machine, and two plots.
public struct ValidationReport {
  let validation: Validation
  let manifest: Manifest
  /// The statistic of each point that tables and plots compare with.
  let reference: Validation.Reference
  /// The command that writes the report again from the run.
  let command: String
  /// Problems of the run that the report states at its top.
  private let warnings: [String]

  static var sections: [any ReportSection<ValidationReport>] {
    ValidationAxis.allCases.map { ErrorsByAxisSection(axis: $0) as any ReportSection<ValidationReport> }
      + [
        ErrorsByStageSection(), TrafficAndTimingSection(), WorstPointsSection(), AllPointsSection(),
        ReproduceValidationSection(),
      ]
  }

  /// Writes the study into `study`; returns problems with plots, whose data and scripts are written in any case.
  public static func write(
    _ validation: Validation, of run: RunDirectory, against reference: Validation.Reference = .median,
    to study: StudyDirectory, gnuplot: Gnuplot? = Gnuplot.find()
  ) throws -> [String] {
    let against = reference == .median ? "" : " --against \(reference.rawValue)"
    let report = ValidationReport(
      validation: validation, manifest: run.manifest, reference: reference,
      command: "lookahead validate \(shellQuoted(run.path))\(against) --report \(shellQuoted(study.path))",
      warnings: try run.disagreementWarning().map { [$0] } ?? [])
    try study.write(report.pointsCSV, to: "points.csv")
    try study.write(report.stagesCSV, to: "stages.csv")
    try study.write(report.linesCSV, to: "lines.csv")
    try study.write(validation.machine.yaml(), to: RunDirectory.hostMachineName)
    var document = report.document
    return try document.write(into: study, gnuplot: gnuplot, command: "lookahead validate")
  }

  var document: ReportDocument {
    var document = ReportDocument("Projected against measured throughput")
    document.warnings = warnings.map { "\($0)." }
    document.add(
      """
      \(counted(validation.entries.count, "point")) of the run \(code: manifest.runID) \
      (\(Manifest.timestamp(manifest.created)), \(code: manifest.experimentFile)) on \(validation.machine.description), \
      each projected from the machine's micro-benchmarks alone (\(file: RunDirectory.hostMachineName)). An error is projected \
      over measured throughput, less one: above zero the model is too fast. docs/reference/model.md has the equations.
      """)
    document.blocks.append(.warnings(whenNone: nil))
    document.add(summary)
    let quietest: InlineText =
      reference == .fastest
      ? ", the one least disturbed by other load, as the machine's own figures are" : ""
    document.add("The tables and plots below compare each point with its \(reference.singular)\(quietest).")
    document.add([ValidationDiagonalPlot(), ErrorByAxisPlot()], of: self)
    document.add(Self.sections, of: self)
    return document
  }

  private var summary: ReportDocument.Table {
    let references = Validation.Reference.allCases.filter { validation.meanAbsoluteError($0) != nil }
    var table = ReportDocument.Table([("", .left)] + references.map { ("against \($0.phrase)", .right) })
    func errors(_ reference: Validation.Reference) -> ErrorSummary {
      ErrorSummary(validation.entries.compactMap { $0.relativeError(reference) })
    }
    table.append(["mean absolute error"] + references.map { .percent(errors($0).magnitude) })
    table.append(["bias"] + references.map { .percent(errors($0).bias, signed: true) })
    table.append(["median absolute error"] + references.map { .percent(errors($0).median) })
    table.append(
      ["rank correlation"]
        + references.map { .number(validation.rankCorrelation($0)) { String(format: "%.3f", $0) } })
    table.append(["measured within low and high"] + references.map { .percent(validation.shareWithinBand($0)) })
    return table
  }

  private var pointsCSV: String {
    var data = CSVWriter(
      header: ["point_id", "point"] + ValidationAxis.allCases.map(\.column) + [
        "measured_tokens_per_s", "fastest_tokens_per_s", "projected_tokens_per_s", "low_tokens_per_s",
        "high_tokens_per_s", "error", "error_against_fastest", "traffic_error", "timing_error", "limiter",
      ])
    for entry in validation.entries {
      let row = entry.projection
      data.append(
        [entry.point.id, entry.point.label] + ValidationAxis.allCases.map { $0.value(entry.point, validation.machine) }
          + [
            PlotScript.cell(entry.measuredTokensPerSecond), PlotScript.cell(entry.fastestTokensPerSecond),
            PlotScript.cell(row.tokensPerSecond), PlotScript.cell(row.lowTokensPerSecond),
            PlotScript.cell(row.highTokensPerSecond), PlotScript.cell(entry.relativeError(.median)),
            PlotScript.cell(entry.relativeError(.fastest)), PlotScript.cell(entry.split(reference)?.traffic),
            PlotScript.cell(entry.split(reference)?.timing), row.limiter,
          ])
    }
    return data.text
  }

  private var linesCSV: String {
    var data = CSVWriter(header: [
      "point_id", "boundary", "simulated_lines_per_token", "counted_lines_per_token", "quality", "source", "leaves_out",
    ])
    for entry in validation.entries {
      for line in entry.lines {
        data.append([
          entry.point.id, line.name, PlotScript.cell(line.simulatedPerToken), PlotScript.cell(line.countedPerToken),
          line.quality?.rawValue ?? "", line.source ?? "", line.leavesOut ?? "",
        ])
      }
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
}

extension Validation.Reference {
  fileprivate var singular: String { self == .median ? "median" : "fastest sample" }
  fileprivate var phrase: String { self == .median ? "medians" : "fastest samples" }
}
