/// The files beside the report.
struct FilesSection: ReportSection {
  /// Whether they include pictures.
  var hasPictures: Bool

  private static let tables = [
    "results.csv", "samples.csv", "counters.csv", "metrics.csv", "projections.csv", "sensitivities.csv", "stages.csv",
    "ceilings.csv", "audit.csv", "tuning.csv", "facts.csv", "attempts.csv", "sentinel.csv",
    "notes.csv",
  ]

  func section(of run: RunData) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Files")
    let tables = Self.tables.map { "\(file: $0)" as InlineText }.joined(separator: ", ")
    var lines: [InlineText] = [
      "\(file: "manifest.json"): what was run, where and how", "\(file: "plan.jsonl"): every point",
      "results.sqlite: everything measured", "\(tables): the same as tables",
    ]
    if hasPictures { lines.append("plots/: each plot as .svg, its data as .csv and its gnuplot script as .gp") }
    section.add(list: lines)
    return section
  }
}
