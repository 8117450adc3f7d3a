/// Errors of the points that share a value of an axis.
struct ErrorsByAxisSection: ReportSection {
  var axis: ValidationAxis

  func section(of report: ValidationReport) -> ReportDocument.Section? {
    var table = ReportDocument.Table([
      ("\(axis.title)", .left), ("points", .right), ("mean absolute error", .right), ("bias", .right),
      ("largest", .right),
    ])
    for group in report.groups(axis) {
      table.append([
        .text(group.name), .count(group.errors.count), .percent(group.errors.magnitude),
        .percent(group.errors.bias, signed: true), .percent(group.errors.largest, signed: true),
      ])
    }
    var section = ReportDocument.Section("By \(axis.title)")
    section.add(table)
    return section
  }
}
