import Profiler
import RunStore

/// The host and its state, at the start and at the end.
struct MachineSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Machine and its state")
    section.add("Host \(code: run.manifest.host).")
    guard !run.facts.isEmpty else {
      section.add("No facts were recorded.")
      return section
    }
    var table = ReportDocument.Table([("fact", .left), ("value at the start", .left)])
    for fact in run.facts where fact.when == .start && fact.value != nil {
      table.append([.text(fact.name), .text(fact.value)])
    }
    if !table.isEmpty { section.add(table) }

    let missing = run.facts.filter { $0.when == .start && $0.value == nil }
    if !missing.isEmpty {
      section.add("Could not be read:")
      section.add(
        list: grouped(missing, by: { $0.reason ?? "no reason given" }).map { reason, facts in
          "\(facts.map { "\(code: $0.name)" as InlineText }.joined(separator: ", ")): \(reason)"
        })
    }
    let drift = run.drift
    if drift.isEmpty {
      let hasEnd = run.facts.contains { $0.when == .end }
      section.add(
        hasEnd ? "Drift: none; every fact was the same at the end." : "Drift: unknown, no facts from the end.")
    } else {
      var table = ReportDocument.Table([("drifted", .left), ("start", .left), ("end", .left)])
      for fact in drift { table.append([.text(fact.name), .text(fact.before), .text(fact.after)]) }
      section.add(table)
    }
    return section
  }
}
