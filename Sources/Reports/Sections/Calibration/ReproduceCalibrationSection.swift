/// What to type to measure again.
struct ReproduceCalibrationSection: ReportSection {
  func section(of report: CalibrationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Reproduce")
    section.add("\(code: "lookahead calibrate --report DIR")")
    return section
  }
}
