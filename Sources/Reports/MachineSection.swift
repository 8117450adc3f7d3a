import Profiler
import RunStore

extension RunData {
  var machineSection: String {
    var text = "## Machine and its state\n\nHost \(markdownCode(manifest.host)).\n\n"
    guard !facts.isEmpty else { return text + "No facts were recorded.\n\n" }
    var table = MarkdownTable([("fact", .left), ("value at the start", .left)])
    for fact in facts where fact.when == .start && fact.value != nil { table.append([fact.name, fact.value]) }
    if !table.isEmpty { text += table.text + "\n" }

    let missing = facts.filter { $0.when == .start && $0.value == nil }
    if !missing.isEmpty {
      text += "Could not be read:\n\n"
      text +=
        grouped(missing, by: { $0.reason ?? "no reason given" }).map { reason, facts in
          "- \(facts.map { markdownCode($0.name) }.joined(separator: ", ")): \(markdownText(reason))\n"
        }.joined() + "\n"
    }
    if drift.isEmpty {
      let hasEnd = facts.contains { $0.when == .end }
      text +=
        hasEnd ? "Drift: none; every fact was the same at the end.\n\n" : "Drift: unknown, no facts from the end.\n\n"
    } else {
      var table = MarkdownTable([("drifted", .left), ("start", .left), ("end", .left)])
      for fact in drift { table.append([fact.name, fact.before, fact.after]) }
      text += table.text + "\n"
    }
    return text
  }
}

/// `values` in groups of equal keys, in the order in which the keys first occur.
func grouped<Value, Key: Hashable>(_ values: [Value], by key: (Value) -> Key) -> [(key: Key, values: [Value])] {
  var order: [Key] = []
  var groups: [Key: [Value]] = [:]
  for value in values {
    let name = key(value)
    if groups[name] == nil { order.append(name) }
    groups[name, default: []].append(value)
  }
  return order.map { ($0, groups[$0] ?? []) }
}
