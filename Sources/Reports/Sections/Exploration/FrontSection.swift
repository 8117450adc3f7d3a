import Machines
import Projection
import Studies

/// The Pareto front of one question and base.
struct FrontSection: ReportSection {
  /// The index of the question and base among `frontGroups`.
  var group: Int

  /// The longest table of a front that is still readable.
  private static let mostRows = 12

  func section(of exploration: Exploration) -> ReportDocument.Section? {
    let fronts = exploration.frontGroups[group]
    guard let first = fronts.first else { return nil }
    var section = ReportDocument.Section("\(first.target.text) on \(first.base.name)")
    if let notice = Exploration.notice(fronts.count) { section.add(notice) }
    section.add(FrontPlot(group: group).plot(of: exploration))
    for front in fronts {
      let rest: InlineText =
        front.points.count > Self.mostRows ? "; some of them, evenly chosen (all: answers.csv):" : ":"
      section.add(
        """
        \(exploration.pairs[front.pair].label): \(counted(front.points.count, "machine")) of \(front.tried.count) that no \
        other beats\(rest)
        """)
      section.add(table(front))
    }
    return section
  }

  private func table(_ front: Exploration.Front) -> ReportDocument.Table {
    var table = ReportDocument.Table(
      front.figures.map { ("\($0.rawValue)", .right) }
        + [("\(front.target.metric.title)", .right), ("limiter", .left), ("limiter of dense", .left)])
    for point in front.points.count > Self.mostRows ? evenly(front.points, Self.mostRows) : front.points {
      let value = point.value(front.target.metric)
      let figures: [ReportDocument.Cell?] = front.figures.map { figure in
        .number(point.variant.value(figure)) { figure.text($0) + figure.suffix }
      }
      table.append(
        figures + [
          .band(value?.expected, value?.low, value?.high), .text(point.limiter.rawValue),
          .text(point.denseLimiter?.rawValue),
        ])
    }
    return table
  }
}

/// `count` elements at even distances, including the first and the last.
private func evenly<Element>(_ elements: [Element], _ count: Int) -> [Element] {
  (0..<count).map { elements[$0 * (elements.count - 1) / (count - 1)] }
}
