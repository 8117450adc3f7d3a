/// The commands that repeat the study, and the files that hold its numbers.
struct ReproduceValidationSection: ReportSection {
  func section(of report: ValidationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Reproduce")
    section.add(code: "\(report.manifest.command)\n\(report.command)", language: "sh")
    section.add("\(file: "points.csv"), \(file: "stages.csv") and \(file: "lines.csv") hold the numbers of this page.")
    return section
  }
}
