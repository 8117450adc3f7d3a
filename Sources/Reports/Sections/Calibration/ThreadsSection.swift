import HostModel

/// What the cooperation of threads costs.
struct ThreadsSection: ReportSection {
  func section(of report: CalibrationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Threads")
    section.add(measured: report.table(of: [Calibration.Name.forkJoin, Calibration.Name.barrier]))
    return section
  }
}
