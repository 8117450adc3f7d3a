import HostModel

/// The cost of the cooperation of threads.
struct ThreadsSection: ReportSection {
  func section(of report: CalibrationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Threads")
    section.add(measured: report.table(of: [Calibration.Name.forkJoin, Calibration.Name.barrier]))
    return section
  }
}
