import Plans
import RunStore

/// report.md and its plots: a run as people read it.
public struct Report {
  /// Plots drawn, by name without extension.
  public let plots: [String]
  /// What a reader must know before believing the numbers, as Markdown; the report repeats it.
  public let warnings: [String]
  public let markdown: String

  /// Exports the CSV files of `directory`, draws its plots and writes report.md, in place of earlier ones.
  ///
  /// Without gnuplot the report still comes out, says so, and the plots' data and scripts lie ready. Throws `Interrupted` where
  /// the process was asked to end while plots were drawn; then an earlier report.md stays.
  @discardableResult
  public static func write(_ directory: RunDirectory, gnuplot: Gnuplot? = Gnuplot.find()) throws -> Report {
    try directory.exportCSV()
    let run = try RunData(directory)
    let plots = run.plots
    for plot in plots {
      // The script first: it is what tells the plot's files from a user's.
      try directory.write(plot.script, to: "plots/\(plot.name).gp")
      try directory.write(plot.data, to: "plots/\(plot.name).csv")
    }
    var drawn: [Plot] = []
    var problems: [String] = []
    if let gnuplot {
      (drawn, problems) = try gnuplot.draw(plots, in: directory.path + "/plots")
      problems = problems.map(markdownText)
    } else if !plots.isEmpty {
      problems.append(
        "gnuplot was not found, so that the plots are not drawn; install it (`apt install gnuplot-nox`) and run "
          + "`lookahead report` again.")
    }
    let report = Report(run, plots: drawn, problems: problems)
    try directory.write(report.markdown, to: RunDirectory.reportName)
    return report
  }

  init(_ run: RunData, plots: [Plot], problems: [String]) {
    self.plots = plots.map(\.name)
    warnings = run.warnings + problems
    func figures(_ kinds: Plot.Kind...) -> String {
      plots.filter { kinds.contains($0.kind) }.map(markdownFigure).joined()
    }
    var text = "# \(markdownText(run.manifest.experiment))\n\n"
    if let question = run.question { text += "\(markdownText(question))\n\n" }
    if let origin = run.fact(FactName.origin) {
      text +=
        "> **This run is \(markdownText(origin)).** Its times and counts were made up; what its sections call measured was not.\n\n"
    }
    text += "Run \(markdownCode(run.manifest.runID)), started \(Manifest.timestamp(run.manifest.created)).\n\n"
    text += run.summarySection(warnings: warnings)
    text += figures(.throughput)
    text += run.machineSection
    text += run.driftSection + figures(.drift)
    text += run.methodSection
    text += run.resultsSection
    text += run.tuningSection
    text += run.accountingSection + figures(.stages)
    text += run.countersSection
    text += run.auditSection
    text += run.ceilingsSection + figures(.ceilings)
    text += run.rooflineSection
    text += run.projectionsSection + figures(.validation, .machines)
    text += run.sensitivitySection + figures(.sensitivity)
    text += run.failuresSection
    text += run.reproduceSection
    text += run.filesSection(plots: self.plots)
    markdown = text
  }
}

extension RunData {
  /// As it was run, from the text that the manifest keeps.
  var experiment: Experiment? {
    try? Experiment(text: manifest.experimentText, file: manifest.experimentFile, overrides: manifest.overrides)
  }

  /// The question that the experiment asks.
  var question: String? { experiment?.question }
}
