/// The command that measures again.
struct ReproduceCalibrationSection: ReportSection {
  func section(of report: CalibrationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Reproduce")
    section.add("\(code: "lookahead calibrate --report DIR")")
    return section
  }
}
