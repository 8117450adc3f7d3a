import Profiler
import RunStore

extension MetricRow {
  /// The metrics that `groups` derive from the counts of one point in one launch.
  ///
  /// There is one value over all threads; a socket group has one for each socket and one for all of them. `seconds`
  /// is the longest time that an event of the group was enabled, which is the counted pass itself. `instructions` and
  /// `cycles` come from the pass that counted them, which did the same work at another time.
  static func derived(from counters: [CounterRow], groups: [CounterGroup]) -> [MetricRow] {
    groups.flatMap { group -> [MetricRow] in
      let rows = counters.filter { $0.group == group.name }
      guard let first = rows.first else { return [] }
      func derive(_ rows: [CounterRow], socket: Int? = nil) -> [MetricRow] {
        let scope = Scope(rows, others: counters)
        return group.metrics.map { metric in
          let outcome = scope.outcome(of: metric.formula)
          return MetricRow(
            runID: first.runID, pointID: first.pointID, launch: first.launch, socket: socket, group: group.name,
            metric: metric.name, unit: metric.unit, value: outcome.value, quality: outcome.quality.rawValue,
            reason: outcome.reason, source: first.source, formula: metric.formula.text)
        }
      }
      let sockets = Set(rows.compactMap(\.socket)).sorted()
      return derive(rows) + sockets.flatMap { socket in derive(rows.filter { $0.socket == socket }, socket: socket) }
    }
  }
}

/// The counts over which a formula is evaluated.
private struct Scope {
  /// The sums over all threads, or all sockets, of the given rows.
  let totals: [CounterReading]
  let words: [Formula.Word: CounterReading]
  let seconds: Double?
  let threads: Int

  init(_ rows: [CounterRow], others: [CounterRow]) {
    totals = Self.totals(rows)
    seconds = rows.compactMap(\.enabledNanoseconds).max().map { Double($0) * 1e-9 }
    threads = max(1, Set(others.compactMap(\.thread)).count)
    var words: [Formula.Word: CounterReading] = [:]
    for (word, event) in [(Formula.Word.instructions, "perf::INSTRUCTIONS"), (.cycles, "perf::CYCLES")] {
      words[word] = Self.totals(others.filter { $0.event == event }).first
    }
    self.words = words
  }

  /// The sum of each event over all threads and sockets.
  private static func totals(_ rows: [CounterRow]) -> [CounterReading] {
    let parts = Dictionary(grouping: rows) { [$0.thread ?? -1, $0.socket ?? -1] }.sorted {
      $0.key.lexicographicallyPrecedes($1.key)
    }
    return CounterReading.total(over: parts.map { $0.value.map(\.reading) })
  }

  func outcome(of formula: Formula) -> (value: Double?, quality: CounterQuality, reason: String?) {
    var needed = totals.filter { formula.events.contains($0.event) }
    for word in formula.words {
      switch word {
      case .seconds, .threads: continue
      case .instructions, .cycles:
        guard let reading = words[word] else {
          return (nil, .notCounted, "needs \(word.rawValue): ask for the topic cycles as well")
        }
        needed.append(reading)
      }
    }
    let worst = needed.max { $0.quality < $1.quality }
    let quality = worst?.quality ?? .exact
    guard needed.allSatisfy({ $0.value != nil && $0.quality != .suspect }) else {
      return (nil, quality, worst?.reason ?? "no reason given")
    }
    var values: [Formula.Word: Double] = [.threads: Double(threads)]
    values[.seconds] = seconds
    for (word, reading) in words { values[word] = reading.value }
    guard let value = formula.value(of: totals, words: values) else {
      return (nil, .notCounted, "the formula divides by a count or time that is 0")
    }
    return (value, quality, worst?.reason)
  }
}
