import RunStore

/// The directory of a report. Files in it that the tool did not write are never touched: see `OwnFiles`.
protocol ReportFolder {
  var path: String { get }

  /// Writes a file whole or not at all.
  func write(_ text: String, to name: String) throws
}

extension RunDirectory: ReportFolder {}
extension StudyDirectory: ReportFolder {}

extension ReportDocument {
  /// Draws the document's plots in `folder`; their data and scripts are written in any case. A plot that cannot be
  /// drawn is removed from the document and becomes a warning in it.
  ///
  /// `command` is the command that draws them again. Returns the warnings. Throws `Interrupted` on a request to end.
  @discardableResult
  mutating func drawPlots(
    in folder: some ReportFolder, with gnuplot: Gnuplot?, command: String
  ) throws -> [InlineText] {
    let plots = plots
    for plot in plots {
      // The script comes first, because it distinguishes the plot's files from a user's.
      try folder.write(plot.script, to: "plots/\(plot.name).gp")
      try folder.write(plot.data, to: "plots/\(plot.name).csv")
    }
    var drawn: [Plot] = []
    var problems: [InlineText] = []
    if let gnuplot {
      let outcome = try gnuplot.draw(plots, in: "\(folder.path)/plots")
      drawn = outcome.drawn
      problems = outcome.problems.map { "\($0)" }
    } else if !plots.isEmpty {
      problems = [
        """
        gnuplot was not found, so that the plots are not drawn; install it (\(code: "apt install gnuplot-nox")) and run \
        \(code: command) again.
        """
      ]
    }
    let names = Set(drawn.map(\.name))
    replacePlots { names.contains($0.name) ? $0 : nil }
    warnings += problems
    return problems
  }

  /// Draws the plots of the document, then writes it as report.md; returns the problems with plots as text for a
  /// terminal.
  mutating func write(
    into folder: some ReportFolder, gnuplot: Gnuplot?, command: String
  ) throws -> [String] {
    let problems = try drawPlots(in: folder, with: gnuplot, command: command)
    try folder.write(MarkdownWriter().text(self), to: RunDirectory.reportName)
    return problems.map(\.plain)
  }
}
