import Plans
import Studies

/// The dense baseline of each look-up, and the reason for it.
struct MatchupsSection: ReportSection {
  func section(of exploration: Exploration) -> ReportDocument.Section? {
    let lines = exploration.pairs.map { pair -> InlineText in
      guard let matchup = pair.matchup else { return "\(code: pair.label): no dense baseline" }
      return "\(code: pair.label) against \(code: matchup.baseline.label): \(matchup.reason)"
    }
    guard !lines.isEmpty else { return nil }
    var section = ReportDocument.Section("Baselines of speed-ups")
    section.add(list: lines)
    return section
  }
}
