import RunStore
import Studies

/// The report of a comparison: counts, one table, and the points that could not be compared.
public struct ComparisonReport {
  private let comparison: Comparison

  public init(_ comparison: Comparison) { self.comparison = comparison }

  public var markdown: String { MarkdownWriter().text(document) }

  /// Writes comparison.csv and comparison.md into `study`.
  public func write(to study: StudyDirectory) throws {
    try study.write(csv, to: "comparison.csv")
    try study.write(markdown, to: "comparison.md")
  }

  var document: ReportDocument {
    let points = comparison.points
    var document = ReportDocument("\(comparison.nameA) against \(comparison.nameB)")
    let counts = Verdict.allCases.map { "\(comparison.count($0)) \($0.rawValue)" }.joined(separator: ", ")
    document.add(
      """
      \(counted(points.count, "point")): \(counts). Changes are of B's time over A's, with 95 % intervals; the threshold is \
      \(percent(comparison.threshold)), false discoveries are held to \(percent(Comparison.level)) over all points.
      """)
    if !comparison.accepted.isEmpty {
      document.add("Accepted differences: \(comparison.accepted.joined(separator: "; ")).")
    }
    var table = ReportDocument.Table([
      ("verdict", .left), ("point", .left), ("A ns/token", .right), ("B ns/token", .right), ("change", .right),
      ("adjusted p", .right), ("Cliff's delta", .right), ("launches", .right), ("samples", .right), ("why", .left),
    ])
    for verdict in [Verdict.slower, .faster, .ambiguous, .same, .incomparable] {
      for point in points where point.verdict == verdict {
        let isChange = verdict == .slower || verdict == .faster
        table.append([
          isChange ? .strong("\(verdict.rawValue)") : .text(verdict.rawValue), .text(point.label),
          .significant(point.nanosecondsPerTokenA, 4), .significant(point.nanosecondsPerTokenB, 4),
          .number(point.change) { _ in point.changeText ?? "" }, .number(point.adjustedPValue, probability),
          .number(point.cliffsDelta) { ($0 > 0 ? "+" : "") + significant($0, 2) },
          "\(point.launchesA) / \(point.launchesB)", "\(point.samplesA) / \(point.samplesB)",
          .text([point.reason, point.matchup].compactMap { $0 }.joined(separator: "; ")),
        ])
      }
    }
    document.add(table)
    for (name, labels) in [(comparison.nameA, comparison.onlyInA), (comparison.nameB, comparison.onlyInB)]
    where !labels.isEmpty {
      document.add("Only in \(name): \(labels.joined(separator: "; ")).")
    }
    return document
  }

  /// A row a point, in the order of A.
  public var csv: String {
    var writer = CSVWriter(header: [
      "point_id", "sweep", "label", "verdict", "reason", "a_ns_per_token", "b_ns_per_token", "change", "change_low",
      "change_high", "p_value", "adjusted_p_value", "cliffs_delta", "a_launches", "b_launches", "a_samples",
      "b_samples",
    ])
    func cell(_ value: Double?) -> String? { value.map { "\($0)" } }
    for point in comparison.points {
      writer.append([
        point.pointID, point.sweep, point.label, point.verdict.rawValue, point.reason, cell(point.nanosecondsPerTokenA),
        cell(point.nanosecondsPerTokenB), cell(point.change), cell(point.changeLow), cell(point.changeHigh),
        cell(point.pValue), cell(point.adjustedPValue), cell(point.cliffsDelta), "\(point.launchesA)",
        "\(point.launchesB)", "\(point.samplesA)", "\(point.samplesB)",
      ])
    }
    return writer.text
  }
}

extension PointComparison {
  /// `+3.1 % [+2.0 %, +4.4 %]`.
  fileprivate var changeText: String? {
    guard let change else { return nil }
    let estimate = percent(change, signed: true)
    guard let changeLow, let changeHigh else { return estimate }
    return "\(estimate) [\(percent(changeLow, signed: true)), \(percent(changeHigh, signed: true))]"
  }
}

/// `0.031`, or `< 0.001`.
private func probability(_ value: Double) -> String { value < 0.001 ? "< 0.001" : significant(value, 2) }
