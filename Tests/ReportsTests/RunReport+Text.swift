@testable import Reports

extension RunReport {
  /// The text of report.md.
  var markdown: String { MarkdownWriter().text(document) }
  var warnings: [String] { document.warnings.map(\.plain) }
  /// Names of the plots that were drawn.
  var plots: [String] { document.plots.map(\.name) }
}
