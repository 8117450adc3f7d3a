import Experiments

extension RunData {
  var countersSection: String {
    var text = "## Counters\n\n"
    guard !counters.isEmpty else { return text + "No counters were asked for.\n\n" }
    let withValue = counters.filter { $0.value != nil }
    if !withValue.isEmpty {
      text += "Per token, over all threads; † marks values that are not exact, as counters.csv explains.\n\n"
    }
    for (group, rows) in grouped(withValue, by: \.group) {
      text += "Group `\(group)`:\n\n" + table(of: rows).text + "\n"
    }
    let missing = counters.filter { $0.value == nil }
    if !missing.isEmpty {
      text += "Without a value:\n\n"
      for (key, rows) in grouped(
        missing, by: { MissingKey(quality: $0.quality, reason: $0.reason ?? "no reason given") })
      {
        let events = grouped(rows, by: \.event).map { "`\($0.key)`" }.joined(separator: ", ")
        let points = Set(rows.map(\.pointID)).count
        text += "- \(key.quality) (\(key.reason)): \(events), at \(points) of \(counted(results.count, "point"))\n"
      }
      text += "\n"
    }
    return text
  }

  /// A row a point, a column an event.
  private func table(of rows: [CounterRow]) -> MarkdownTable {
    let events = grouped(rows, by: \.event).map(\.key)
    var table = MarkdownTable([("point", .left)] + events.map { ($0, .right) })
    for (pointID, rows) in grouped(rows, by: \.pointID) {
      let tokens = Double(point(pointID)?.tokens ?? 1)
      table.append(
        [label(pointID)]
          + events.map { event in
            let values = rows.filter { $0.event == event }
            guard !values.isEmpty else { return nil }
            // Threads add up; launches repeat the same work, so that they are averaged.
            let launches = Set(values.map(\.launch)).count
            let total = values.compactMap(\.value).reduce(0, +) / Double(launches)
            return significant(total / tokens) + (values.allSatisfy { $0.quality == "exact" } ? "" : " †")
          })
    }
    return table
  }

}

private struct MissingKey: Hashable {
  var quality: String
  var reason: String
}
