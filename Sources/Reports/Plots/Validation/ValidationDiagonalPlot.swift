/// Projected against measured throughput of every point of a validation, each with its band.
struct ValidationDiagonalPlot: ReportPlot {
  func plot(of report: ValidationReport) -> Plot? {
    MeasuredProjectedPlot().plot(
      of: report.validation.entries.compactMap { entry in
        entry.measured(report.reference).map {
          ProjectedPoint(row: entry.projection, measured: $0, kernel: entry.point.kernel, label: entry.point.label)
        }
      })
  }
}
