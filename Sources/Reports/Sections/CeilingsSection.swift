import RunStore

/// The results of the run's own micro-benchmarks.
struct CeilingsSection: ReportSection {
  /// The longest curve that the table shows; longer ones are in the plots and in ceilings.csv.
  private static let longestCurve = 12

  func section(of run: RunData) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Ceilings")
    section.add("Micro-benchmarks of the same run on the same machine, medians; measured.")
    guard !run.ceilings.isEmpty else {
      section.add("No ceilings were measured.")
      return section
    }
    var table = ReportDocument.Table([
      ("ceiling", .left), ("threads", .right), ("working set", .right), ("value [95 % CI]", .right), ("unit", .left),
      ("n", .right),
    ])
    var long: [InlineText] = []
    for (name, rows) in grouped(run.ceilings, by: { "\($0.name), \(counted($0.threads, "thread"))" }) {
      guard rows.count <= Self.longestCurve else {
        long.append("\(name)")
        continue
      }
      for row in rows {
        table.append([
          .text(row.name), .count(row.threads), .bytes(row.workingSetBytes),
          .interval(row.value, row.ci95Low, row.ci95High), .text(row.unit), .count(row.n),
        ])
      }
    }
    if !table.isEmpty { section.add(table) }
    if !long.isEmpty { section.add("In the plots and ceilings.csv: \(long.joined(separator: "; ")).") }
    section.add([CeilingPlot.latency, CeilingPlot.bandwidth], of: run)
    return section
  }
}
