import Plans
import Projection
import Studies

/// How much of the error is traffic and how much is timing, and simulated beside counted lines.
struct TrafficAndTimingSection: ReportSection {
  func section(of report: ValidationReport) -> ReportDocument.Section? {
    let validation = report.validation
    var section = ReportDocument.Section("Traffic and timing")
    let splits = validation.splits(report.reference)
    guard !splits.isEmpty else {
      let reason = validation.countsAbsence ?? "no point's lines were counted"
      section.add("Traffic and timing cannot be told apart: \(reason).")
      return section
    }
    section.add(
      """
      Of \(counted(splits.count, "point")) lines were counted. Traffic is the error that simulated in place of counted lines \
      cause, timing the error that is left with counted lines; both add up to the point's error.
      """)
    var totals = ReportDocument.Table([("", .left), ("mean absolute error", .right), ("bias", .right)])
    let parts: [(InlineText, [Double])] = [
      ("error", splits.map(\.total)), ("traffic", splits.map(\.traffic)), ("timing", splits.map(\.timing)),
    ]
    for (title, errors) in parts {
      let summary = ErrorSummary(errors)
      totals.append([ReportDocument.Cell(title), .percent(summary.magnitude), .percent(summary.bias, signed: true)])
    }
    section.add(totals)
    var points = ReportDocument.Table([("point", .left), ("error", .right), ("traffic", .right), ("timing", .right)])
    for entry in validation.entries {
      guard let split = entry.split(report.reference) else { continue }
      points.append([
        .text(entry.point.label), .percent(split.total, signed: true), .percent(split.traffic, signed: true),
        .percent(split.timing, signed: true),
      ])
    }
    section.add(points)
    section.add(lines(of: validation))
    section.add([LinesDiagonalPlot()], of: report)
    return section
  }

  private func lines(of validation: Validation) -> ReportDocument.Section {
    var section = ReportDocument.Section("Lines")
    section.add(
      """
      Lines per token, means over the points that have both; the ratio of counted to simulated lines is the geometric mean \
      over the points, with the range of four fifths of them. A count marked as at least is a lower bound and has no ratio.
      """)
    var table = ReportDocument.Table([
      ("lines", .left), ("points", .right), ("simulated", .right), ("counted", .right), ("counted / simulated", .right),
      ("quality", .left),
    ])
    for summary in validation.lineSummaries {
      table.append([
        .text(summary.name), .count(summary.points), .significant(summary.simulatedPerToken),
        .significant(summary.countedPerToken), .band(summary.ratio?.mean, summary.ratio?.low, summary.ratio?.high),
        .text(summary.qualities.joined(separator: "; ")),
      ])
    }
    section.add(table)
    if let capacity = validation.capacity { section.add(sentence(capacity)) }
    return section
  }

  private func sentence(_ capacity: CapacityFit) -> InlineText {
    guard let median = capacity.medianBytes, let low = capacity.lowBytes, let high = capacity.highBytes else {
      return
        "The counts do not tell the capacity of \(capacity.level): at no counted point do its misses change with it."
    }
    func size(_ bytes: Double) -> String { Reports.bytes(Int(bytes.rounded())) }
    return """
      \(capacity.level) of \(size(median)) explains the lines counted from beyond it (\(size(low)) to \(size(high)) over \
      \(counted(capacity.estimates.count, "point")); \(capacity.silentPoints) say nothing). The machine file has \
      \(size(Double(capacity.statedBytes))).
      """
  }
}
