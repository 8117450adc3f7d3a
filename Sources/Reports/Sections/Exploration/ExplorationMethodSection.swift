import Studies

/// The method of the answers, and their error against exact simulations.
struct ExplorationMethodSection: ReportSection {
  /// The command line of the exploration.
  var command: String

  func section(of exploration: Exploration) -> ReportDocument.Section? {
    var section = ReportDocument.Section("How it was made")
    section.add(code: command, language: "sh")
    section.add(
      "\(exploration.evaluations) projections, each of one network on one machine, from one reuse profile a network.")
    if let check = exploration.check {
      section.add(
        """
        \(check.machines) of the machines were simulated exactly too: tokens/s from the profile differ by \
        \(percent(check.meanError)) on average, at most \(percent(check.worstError, signed: true)) (\(check.worst)).
        """)
    }
    return section
  }
}
