/// Bandwidth of random rows: whole rows, pieces of rows, and a comparison with streams.
struct RandomRowsSection: ReportSection {
  func section(of report: CalibrationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Rows at random")
    section.add([RandomRowsPlot.rows, RandomRowsPlot.pieces, RandomRowsBySizePlot()], of: report)
    return section
  }
}
