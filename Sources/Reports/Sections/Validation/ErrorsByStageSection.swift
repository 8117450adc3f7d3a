import Studies

/// Errors of stages that were timed on their own, by name.
struct ErrorsByStageSection: ReportSection {
  func section(of report: ValidationReport) -> ReportDocument.Section? {
    let reference = report.reference
    let stages = report.validation.entries.flatMap(\.stages).filter { $0.measured(reference) != nil }
    guard !stages.isEmpty else { return nil }
    func total(_ stages: [Validation.Stage]) -> Double { stages.reduce(0) { $0 + ($1.measured(reference) ?? 0) } }
    var table = ReportDocument.Table([
      ("stage", .left), ("points", .right), ("mean absolute error", .right), ("bias", .right),
      ("share of time", .right),
    ])
    for (name, own) in grouped(stages, by: \.name) {
      let errors = ErrorSummary(own.compactMap { $0.relativeError(reference) })
      table.append([
        .text(name), .count(errors.count), .percent(errors.magnitude), .percent(errors.bias, signed: true),
        .percent(total(own) / total(stages)),
      ])
    }
    var section = ReportDocument.Section("By stage")
    section.add(
      """
      These stages were timed on their own. The error is measured over modelled time, less one; the share is the \
      stage's part of its points' measured time.
      """)
    section.add(table)
    return section
  }
}
