import Plans
import RunStore

/// The report of a run: report.md and its plots.
public struct RunReport {
  let document: ReportDocument
  /// One line for each plot that could not be drawn, with the reason; the report contains them too.
  public let problems: [String]

  /// The sections of the report, in their order.
  static var sections: [any ReportSection<RunData>] {
    [
      SummarySection(), MachineSection(), DriftSection(), MethodSection(), ResultsSection(), TuningSection(),
      AccountingSection(), CountersSection(), AuditSection(), CeilingsSection(), RooflineSection(),
      ProjectionsSection(), SensitivitySection(), FailuresSection(), ReproduceSection(),
    ]
  }

  /// Exports the CSV files of `directory`, draws its plots and writes report.md, replacing earlier ones.
  ///
  /// Without gnuplot the report is written all the same, with a note, beside the plots' data and scripts. Throws
  /// `Interrupted` on a request to end during the plots; then an earlier report.md stays.
  @discardableResult
  public static func write(_ directory: RunDirectory, gnuplot: Gnuplot? = Gnuplot.find()) throws -> RunReport {
    try directory.exportCSV()
    let run = try RunData(directory)
    var document = Self.document(run)
    let problems = try document.drawPlots(in: directory, with: gnuplot, command: "lookahead report")
    // The list of files comes last, when all of them are written.
    document.add([FilesSection(hasPictures: !document.plots.isEmpty)], of: run)
    try directory.write(MarkdownWriter().text(document), to: RunDirectory.reportName)
    return RunReport(document: document, problems: problems.map(\.plain))
  }

  /// The report with all plots that `run` has data for.
  static func document(_ run: RunData) -> ReportDocument {
    var document = ReportDocument("\(run.manifest.experiment)")
    document.warnings = run.warnings
    if let question = run.experiment?.question { document.add("\(question)") }
    let origin = run.fact(FactName.origin)
    if let origin {
      document.add(
        note: """
          \(strong: "This run is \(origin).") Its times and counts were made up; what its sections call measured was not.
          """)
    }
    document.add("Run \(code: run.manifest.runID), started \(Manifest.timestamp(run.manifest.created)).")
    document.add(sections, of: run)
    if let origin { document.replacePlots { $0.marked(origin) } }
    return document
  }
}

extension RunData {
  /// The experiment as it was run, from the manifest's text.
  var experiment: Experiment? {
    try? Experiment(text: manifest.experimentText, file: manifest.experimentFile, overrides: manifest.overrides)
  }
}
