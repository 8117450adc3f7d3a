/// Points without numbers, by reason.
struct FailuresSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Failures and skips")
    let rows = run.results.filter { $0.status != .passed }
    guard !rows.isEmpty else {
      section.add("None.")
      return section
    }
    let reasons = grouped(rows) { "\($0.status.rawValue): \($0.reason ?? "no reason given")" }
    section.blocks.append(
      .list(
        reasons.map { reason, rows in
          ReportDocument.Item(
            text: "\(reason)", items: rows.map { "\(run.label($0.pointID)) (\(code: $0.pointID))" })
        }))
    return section
  }
}
