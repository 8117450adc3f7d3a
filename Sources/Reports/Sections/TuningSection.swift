import RunStore

/// The choice of strategy for points that leave it open.
struct TuningSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    let ids = run.results.map(\.pointID).filter { id in run.tuning.contains { $0.pointID == id } }
    guard !ids.isEmpty else { return nil }
    var section = ReportDocument.Section("Tuned strategies")
    section.add(
      """
      Points with \(code: "order: auto"): the candidates with the lowest modelled time were measured in turns on the point's \
      own tables, and the fastest measured one ran. All of them are in tuning.csv.
      """)
    var table = ReportDocument.Table([
      ("point", .left), ("chosen", .left), ("measured us/token", .right), ("modelled us/token", .right),
      ("rank by model", .right), ("model's first, measured us/token", .right), ("timed / considered", .right),
      ("cached", .left),
    ])
    for id in ids {
      let rows = run.tuning.filter { $0.pointID == id }
      guard let chosen = rows.first(where: \.chosen) else { continue }
      func microseconds(_ nanoseconds: Double?) -> ReportDocument.Cell? { .significant(nanoseconds.map { $0 / 1000 }) }
      let timed = rows.count { $0.measuredNanosecondsPerToken != nil }
      table.append([
        .text(run.label(id)), .text(chosen.strategyLabel), microseconds(chosen.measuredNanosecondsPerToken),
        microseconds(chosen.estimatedNanosecondsPerToken), .count(chosen.rank),
        microseconds(rows.first { $0.rank == 1 }?.measuredNanosecondsPerToken),
        "\(timed) / \(chosen.considered)", .text(chosen.cached ? "yes" : ""),
      ])
    }
    section.add(table)
    return section
  }
}
