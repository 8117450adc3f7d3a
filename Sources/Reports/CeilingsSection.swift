import RunStore

extension RunData {
  /// Curves over the working set are long; the table shows what has few rows, the plots and ceilings.csv the rest.
  private static let longestCurve = 12

  var ceilingsSection: String {
    var text = "## Ceilings\n\nMicro-benchmarks of the same run on the same machine, medians; measured.\n\n"
    guard !ceilings.isEmpty else { return text + "No ceilings were measured.\n\n" }
    var table = MarkdownTable([
      ("ceiling", .left), ("threads", .right), ("working set", .right), ("value [95 % CI]", .right), ("unit", .left),
      ("n", .right),
    ])
    var long: [String] = []
    for (name, rows) in grouped(ceilings, by: { "\($0.name), \(counted($0.threads, "thread"))" }) {
      guard rows.count <= Self.longestCurve else {
        long.append(name)
        continue
      }
      for row in rows {
        table.append([
          row.name, "\(row.threads)", row.workingSetBytes.map(bytes), interval(row.value, row.ci95Low, row.ci95High),
          row.unit, row.n.map(String.init),
        ])
      }
    }
    if !table.isEmpty { text += table.text + "\n" }
    if !long.isEmpty { text += "In the plots and ceilings.csv: \(long.map(markdownText).joined(separator: "; ")).\n\n" }
    return text
  }
}
