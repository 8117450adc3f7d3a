/// Reads of rows at random: whole ones, pieces of them, and against streams.
struct RandomRowsSection: ReportSection {
  func section(of report: CalibrationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Rows at random")
    section.add([RandomRowsPlot.rows, RandomRowsPlot.pieces, RandomRowsBySizePlot()], of: report)
    return section
  }
}
