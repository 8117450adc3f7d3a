import Studies

/// The points with the largest errors.
struct WorstPointsSection: ReportSection {
  func section(of report: ValidationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Worst points")
    section.add(report.table(report.validation.worst(10, report.reference)))
    return section
  }
}

/// Every point, in the order of the plan.
struct AllPointsSection: ReportSection {
  func section(of report: ValidationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("All points")
    section.add(report.table(report.validation.entries))
    return section
  }
}

extension ValidationReport {
  fileprivate func table(_ entries: [Validation.Entry]) -> ReportDocument.Table {
    var table = ReportDocument.Table([
      ("point", .left), ("measured tokens/s", .right), ("projected", .right), ("low", .right), ("high", .right),
      ("error", .right), ("limiter", .left),
    ])
    for entry in entries {
      let row = entry.projection
      table.append([
        .text(entry.point.label), .scaled(entry.measured(reference)), .scaled(row.tokensPerSecond),
        .scaled(row.lowTokensPerSecond), .scaled(row.highTokensPerSecond),
        .percent(entry.relativeError(reference), signed: true), .text(row.limiter),
      ])
    }
    return table
  }
}
