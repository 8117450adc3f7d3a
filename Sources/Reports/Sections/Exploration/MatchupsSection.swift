import Studies

/// Which network each look-up is held against, and why.
struct MatchupsSection: ReportSection {
  func section(of exploration: Exploration) -> ReportDocument.Section? {
    let lines = exploration.pairs.map { pair -> InlineText in
      guard let matchup = pair.matchup else { return "\(code: pair.label): no dense network to be held against" }
      return "\(code: pair.label) against \(code: matchup.baseline.label): \(matchup.reason)"
    }
    guard !lines.isEmpty else { return nil }
    var section = ReportDocument.Section("What speed-ups are over")
    section.add(list: lines)
    return section
  }
}
