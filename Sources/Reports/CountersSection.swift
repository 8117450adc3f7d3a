import Plans
import Profiler
import RunStore

extension RunData {
  var countersSection: String {
    var text = "## Counters\n\n"
    guard !counters.isEmpty else { return text + "No counters were asked for.\n\n" }
    text += originNote + choices
    let withValue = counters.filter { $0.value != nil }
    if !withValue.isEmpty {
      text += "Per token, over all threads or sockets. † scaled: counted during a part of the pass, and extrapolated; "
      text += "‡ suspect: the event failed its self-check. counters.csv explains each.\n\n"
    }
    for (group, rows) in grouped(withValue, by: \.group) {
      text += "Group \(markdownCode(group)):\n\n" + table(of: rows).text + "\n"
    }
    text += missing(counters.filter { $0.value == nil }.map { ($0.event, $0.pointID, $0.quality, $0.reason) })
    return text + metricsSection
  }

  /// Whose counts these are, where no hardware counted them in this run.
  private var originNote: String {
    let sources = Set(counters.compactMap(\.source))
    if sources.contains(CounterOrigin.synthetic.rawValue) {
      return "**Synthetic: a script made these counts up for a described machine. No hardware counted anything.**\n\n"
    }
    return sources.contains(CounterOrigin.replay.rawValue)
      ? "**Replayed: an earlier run counted these, not the passes that were timed here.**\n\n" : ""
  }

  /// What stood for each entry of the experiment's `counters`.
  private var choices: String {
    let chosen = facts.filter { $0.when == .start && $0.name.hasPrefix(FactName.counterChoice) }
    guard !chosen.isEmpty else { return "" }
    return chosen.map {
      "- \(markdownCode(String($0.name.dropFirst(FactName.counterChoice.count)))): \(markdownText($0.value ?? $0.reason ?? "no reason given"))\n"
    }.joined() + "\n"
  }

  /// A row a point, a column an event and, where sockets were counted, a socket.
  private func table(of rows: [CounterRow]) -> MarkdownTable {
    let columns = grouped(rows, by: { EventColumn(event: $0.event, socket: $0.socket) }).map(\.key)
    var table = MarkdownTable([("point", .left)] + columns.map { (markdownCell($0.title), .right) })
    for (pointID, rows) in grouped(rows, by: \.pointID) {
      let tokens = Double(point(pointID)?.tokens ?? 1)
      table.append(
        [label(pointID)]
          + columns.map { column in
            let values = rows.filter { $0.event == column.event && $0.socket == column.socket }
            guard !values.isEmpty else { return nil }
            // Threads add up; launches repeat the same work, so that they are averaged.
            let launches = Set(values.map(\.launch)).count
            let total = values.compactMap(\.value).reduce(0, +) / Double(launches)
            return significant(total / tokens) + values.map(\.quality).worstMark
          })
    }
    return table
  }

  /// What is missing, by reason, in the words of its rows.
  private func missing(_ rows: [(name: String, pointID: String, quality: String, reason: String?)]) -> String {
    guard !rows.isEmpty else { return "" }
    var text = "Without a value:\n\n"
    for (key, rows) in grouped(rows, by: { MissingKey(quality: $0.quality, reason: $0.reason ?? "no reason given") }) {
      let names = grouped(rows, by: \.name).map { markdownCode($0.key) }.joined(separator: ", ")
      let points = Set(rows.map(\.pointID)).count
      text +=
        "- \(markdownText(key.quality)) (\(markdownText(key.reason))): \(names), at \(points) of \(counted(results.count, "point"))\n"
    }
    return text + "\n"
  }

  // MARK: - Derived

  private var metricsSection: String {
    guard !metrics.isEmpty else { return "" }
    var text = "### Derived from the counters\n\n"
    let withValue = metrics.filter { $0.value != nil }
    if !withValue.isEmpty {
      text += "Formulas are in metrics.csv and in the groups' files; marks as above.\n\n"
    }
    for (group, rows) in grouped(withValue, by: \.group) {
      let columns = grouped(rows, by: { MetricColumn(metric: $0.metric, unit: $0.unit, socket: $0.socket) }).map(\.key)
      var table = MarkdownTable([("point", .left)] + columns.map { (markdownCell($0.title), .right) })
      for (pointID, rows) in grouped(rows, by: \.pointID) {
        table.append(
          [label(pointID)]
            + columns.map { column in
              let values = rows.filter { $0.metric == column.metric && $0.socket == column.socket }
              guard !values.isEmpty else { return nil }
              let mean = values.compactMap(\.value).reduce(0, +) / Double(values.count)
              return significant(mean) + values.map(\.quality).worstMark
            })
      }
      text += "Group \(markdownCode(group)):\n\n" + table.text + "\n"
    }
    return text
      + missing(
        metrics.filter { $0.value == nil }.map { ("\($0.group): \($0.metric)", $0.pointID, $0.quality, $0.reason) })
  }
}

private struct EventColumn: Hashable {
  var event: String
  var socket: Int?
  var title: String { event + socketSuffix(socket) }
}

private struct MetricColumn: Hashable {
  var metric: String
  var unit: String
  var socket: Int?
  var title: String { "\(metric)\(socketSuffix(socket)) (\(unit))" }
}

private func socketSuffix(_ socket: Int?) -> String { socket.map { ", socket \($0)" } ?? "" }

private struct MissingKey: Hashable {
  var quality: String
  var reason: String
}

extension [String] {
  /// The mark of the worst of several qualities of values that are there.
  var worstMark: String {
    switch compactMap(CounterQuality.init).max() {
    case .scaled: " †"
    case .suspect: " ‡"
    default: ""
    }
  }
}
