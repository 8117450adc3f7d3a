import Plans
import Profiler
import RunStore

/// Counts per token by group, missing values with their reasons, and derived metrics.
struct CountersSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Counters")
    guard !run.counters.isEmpty else {
      section.add("No counters were asked for.")
      return section
    }
    if let note = originNote(of: run) { section.add("\(strong: note)") }
    section.add(list: choices(of: run))
    let withValue = run.counters.filter { $0.value != nil }
    if !withValue.isEmpty {
      section.add(
        """
        Per token, over all threads or sockets. † scaled: counted during a part of the pass, and extrapolated; ‡ suspect: \
        the event failed its self-check. counters.csv explains each.
        """)
    }
    for (group, rows) in grouped(withValue, by: \.group) {
      section.add(heading(group, sources: rows.map(\.source)))
      section.add(counts(rows, of: run))
      section.add(list: valgrindNotes(rows))
    }
    let missing = run.counters.filter { $0.value == nil }
    addMissing(missing.map { ($0.event, $0.pointID, $0.quality, $0.reason) }, of: run, to: &section)
    section.add(derived(of: run))
    return section
  }

  /// The origin of the counts, where no hardware counted them in this run.
  private func originNote(of run: RunData) -> InlineText? {
    let sources = Set(run.counters.compactMap(\.source))
    if sources.contains(CounterOrigin.synthetic.rawValue) {
      return "Synthetic: a script made these counts up for a described machine. No hardware counted anything."
    }
    return sources.contains(CounterOrigin.replay.rawValue)
      ? "Replayed: an earlier run counted these, not the passes that were timed here." : nil
  }

  /// The groups that each entry of the experiment's `counters` stood for.
  private func choices(of run: RunData) -> [InlineText] {
    run.facts.filter { $0.when == .start && $0.name.hasPrefix(FactName.counterChoice) }.map {
      "\(code: String($0.name.dropFirst(FactName.counterChoice.count))): \($0.value ?? $0.reason ?? "no reason given")"
    }
  }

  /// Names a group, and says so where no counter of the CPU stands behind it.
  private func heading(_ group: String, sources: [String?]) -> InlineText {
    guard sources.contains(CounterOrigin.valgrind.rawValue) else { return "Group \(code: group):" }
    return """
      Group \(code: group), counted by valgrind in a pass of its own, not by the CPU: instructions, accesses and branches are \
      those of the code, misses are those of simulated caches.
      """
  }

  /// What differs between valgrind's pass and the one that was timed, by point where it is not the same for all.
  private func valgrindNotes(_ rows: [CounterRow]) -> [InlineText] {
    let own = rows.filter { $0.source == CounterOrigin.valgrind.rawValue }
    let all = Set(own.map(\.pointID)).count
    return grouped(own, by: { $0.reason ?? "" }).filter { !$0.key.isEmpty }.map { reason, rows in
      let points = Set(rows.map(\.pointID)).count
      return points == all ? "\(reason)." : "\(reason), at \(counted(points, "point"))."
    }
  }

  /// One row for each point, one column for each event and, where sockets were counted, each socket.
  private func counts(_ rows: [CounterRow], of run: RunData) -> ReportDocument.Table {
    let columns = grouped(rows, by: { EventColumn(event: $0.event, socket: $0.socket) }).map(\.key)
    var table = ReportDocument.Table([("point", .left)] + columns.map { ("\($0.title)", .right) })
    for (pointID, rows) in grouped(rows, by: \.pointID) {
      let tokens = Double(run.point(pointID)?.tokens ?? 1)
      table.append(
        [.text(run.label(pointID))]
          + columns.map { column -> ReportDocument.Cell? in
            let values = rows.filter { $0.event == column.event && $0.socket == column.socket }
            guard !values.isEmpty else { return nil }
            // Threads are summed; launches repeat the same work, so that they are averaged.
            let launches = Set(values.map(\.launch)).count
            let total = values.compactMap(\.value).reduce(0, +) / Double(launches)
            return .number(total / tokens) { significant($0) + values.map(\.quality).worstMark }
          })
    }
    return table
  }

  /// Adds the missing values by reason.
  private func addMissing(
    _ rows: [(name: String, pointID: String, quality: String, reason: String?)], of run: RunData,
    to section: inout ReportDocument.Section
  ) {
    guard !rows.isEmpty else { return }
    section.add("Without a value:")
    let reasons = grouped(rows) { MissingKey(quality: $0.quality, reason: $0.reason ?? "no reason given") }
    section.add(
      list: reasons.map { key, rows in
        let names = grouped(rows, by: \.name).map { "\(code: $0.key)" as InlineText }.joined(separator: ", ")
        let points = Set(rows.map(\.pointID)).count
        return "\(key.quality) (\(key.reason)): \(names), at \(points) of \(counted(run.results.count, "point"))"
      })
  }

  // MARK: - Derived

  private func derived(of run: RunData) -> ReportDocument.Section? {
    guard !run.metrics.isEmpty else { return nil }
    var section = ReportDocument.Section("Derived from the counters")
    let withValue = run.metrics.filter { $0.value != nil }
    if !withValue.isEmpty {
      section.add("Formulas are in metrics.csv and in the groups' files; marks as above.")
    }
    for (group, rows) in grouped(withValue, by: \.group) {
      let columns = grouped(rows, by: { MetricColumn(metric: $0.metric, unit: $0.unit, socket: $0.socket) }).map(\.key)
      var table = ReportDocument.Table([("point", .left)] + columns.map { ("\($0.title)", .right) })
      for (pointID, rows) in grouped(rows, by: \.pointID) {
        table.append(
          [.text(run.label(pointID))]
            + columns.map { column -> ReportDocument.Cell? in
              let values = rows.filter { $0.metric == column.metric && $0.socket == column.socket }
              guard !values.isEmpty else { return nil }
              let mean = values.compactMap(\.value).reduce(0, +) / Double(values.count)
              return .number(mean) { significant($0) + values.map(\.quality).worstMark }
            })
      }
      section.add(heading(group, sources: rows.map(\.source)))
      section.add(table)
    }
    let missing = run.metrics.filter { $0.value == nil }
    addMissing(
      missing.map { ("\($0.group): \($0.metric)", $0.pointID, $0.quality, $0.reason) }, of: run, to: &section)
    return section
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
  /// The mark of the worst quality among several values.
  var worstMark: String {
    switch compactMap(CounterQuality.init).max() {
    case .scaled: " †"
    case .suspect: " ‡"
    default: ""
    }
  }
}
