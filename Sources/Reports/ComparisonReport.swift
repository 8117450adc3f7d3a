import RunStore
import Studies

extension Comparison {
  /// The comparison as people read it: counts, one table, and what could not be compared.
  public var markdown: String {
    var text = "# \(markdownText(nameA)) against \(markdownText(nameB))\n\n"
    let counts = Verdict.allCases.map { "\(count($0)) \($0.rawValue)" }.joined(separator: ", ")
    text += "\(counted(points.count, "point")): \(counts). Changes are of B's time over A's, "
    text += "with 95 % intervals; the threshold is \(percent(threshold)), false discoveries are held to "
    text += "\(percent(Self.level)) over all points.\n\n"
    if !accepted.isEmpty { text += "Accepted differences: \(accepted.map(markdownText).joined(separator: "; ")).\n\n" }
    var table = MarkdownTable([
      ("verdict", .markup), ("point", .left), ("A ns/token", .right), ("B ns/token", .right), ("change", .right),
      ("adjusted p", .right), ("Cliff's delta", .right), ("launches", .right), ("samples", .right), ("why", .left),
    ])
    for verdict in [Verdict.slower, .faster, .ambiguous, .same, .incomparable] {
      for point in points where point.verdict == verdict {
        table.append([
          verdict == .slower || verdict == .faster ? "**\(verdict.rawValue)**" : verdict.rawValue, point.label,
          point.nanosecondsPerTokenA.map { significant($0, 4) }, point.nanosecondsPerTokenB.map { significant($0, 4) },
          point.changeText, point.adjustedPValue.map { probability($0) },
          point.cliffsDelta.map { ($0 > 0 ? "+" : "") + significant($0, 2) },
          "\(point.launchesA) / \(point.launchesB)", "\(point.samplesA) / \(point.samplesB)", point.reason ?? "",
        ])
      }
    }
    text += table.text + "\n"
    for (name, labels) in [(nameA, onlyInA), (nameB, onlyInB)] where !labels.isEmpty {
      text += "Only in \(markdownText(name)): \(labels.map(markdownText).joined(separator: "; ")).\n\n"
    }
    return text
  }

  /// A row a point, in the order of A.
  public var csv: String {
    var writer = CSVWriter(header: [
      "point_id", "sweep", "label", "verdict", "reason", "a_ns_per_token", "b_ns_per_token", "change", "change_low",
      "change_high", "p_value", "adjusted_p_value", "cliffs_delta", "a_launches", "b_launches", "a_samples",
      "b_samples",
    ])
    func cell(_ value: Double?) -> String? { value.map { "\($0)" } }
    for point in points {
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
