import Measurement
import RunStore
import Statistics

/// The readings of the sentinel between points.
struct DriftSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    guard !run.sentinel.isEmpty else { return nil }
    var section = ReportDocument.Section("Drift")
    section.add(
      """
      A fixed piece of work was timed before the first point and after every launch of one; measured, and relative to the \
      median of all readings. Points beside a reading more than \(percent(DriftWatch.threshold)) off are flagged in their \
      notes.
      """)
    let watch = DriftWatch(run.sentinel)
    var table = ReportDocument.Table([
      ("benchmark", .left), ("readings", .right), ("median", .right), ("unit", .left), ("lowest", .right),
      ("highest", .right), ("beyond the threshold", .right),
    ])
    for (benchmark, rows) in grouped(run.sentinel, by: \.benchmark) {
      let values = rows.map(watch.relative).sorted()
      table.append([
        .text(benchmark), .count(values.count), .significant(quantile(rows.map(\.value).sorted(), 0.5)),
        .text(rows.first?.unit), .percent(values.first), .percent(values.last),
        .count(rows.count(where: watch.exceedsThreshold)),
      ])
    }
    section.add(table)
    section.add([DriftPlot()], of: run)
    return section
  }
}
