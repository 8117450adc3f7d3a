import Machines
import Projection
import Studies

/// The answer of each threshold question, and the curves behind it.
struct ThresholdsSection: ReportSection {
  func section(of exploration: Exploration) -> ReportDocument.Section? {
    guard !exploration.thresholds.isEmpty else { return nil }
    var section = ReportDocument.Section("Thresholds")
    section.add(table(exploration))
    for (index, group) in exploration.thresholdGroups.enumerated() {
      let curves = Set(group.map { "\($0.pair) \(figuresText($0.others))" }).count
      if let notice = Exploration.notice(curves) { section.add(notice) }
      section.add(ThresholdPlot(group: index).plot(of: exploration))
    }
    return section
  }

  private func table(_ exploration: Exploration) -> ReportDocument.Table {
    var table = ReportDocument.Table([
      ("question", .left), ("point", .left), ("base", .left), ("with", .left), ("base has", .right), ("answer", .right),
      ("even at the low end", .right), ("measure there", .right), ("limiter", .left), ("and beyond", .left),
    ])
    for one in exploration.thresholds {
      let value = one.answer?.value(one.target.metric)
      func cell(_ value: Double?) -> ReportDocument.Cell? {
        ReportDocument.Cell.number(value) { one.figure.text($0) + one.figure.suffix } ?? "none"
      }
      table.append([
        .text(one.target.text), .text(exploration.pairs[one.pair].label), .text(one.base.name),
        .text(one.others.isEmpty ? nil : figuresText(one.others)), cell(one.figure.value(of: one.base)),
        .text(one.answerText + (one.answer == nil ? "" : one.figure.suffix)), cell(one.value(one.cautious)),
        .band(value?.expected, value?.low, value?.high), .text(one.answer?.limiter.rawValue),
        .text(one.answer.map { _ in one.holdsBeyond ? "holds" : "not everywhere" }),
      ])
    }
    return table
  }
}
