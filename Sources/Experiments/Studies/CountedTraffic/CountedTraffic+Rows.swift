import Foundation
import Measurement
import Profiler
import Projection
import RunStore
import Simulation

extension CountedTraffic {
  /// A load average from which on a run's machine was doing other work when it began: half a core's.
  private static let idleLoad = 0.5

  /// The traffic of one point from the rows of its counted passes, each over `tokens` tokens.
  ///
  /// Threads and sockets add up; launches repeat the work, so that they are averaged. Where several groups tell a quantity, a
  /// whole count goes before a lower bound, then hardware before others. Counts of sockets are of every process: each gets the
  /// share of its window in which the workers ran, by the time that the threads' counters of the same launch were enabled, or
  /// by `passSeconds`, the median pass.
  init(_ rows: [CounterRow], groups: [CounterGroup], tokens: Int, passSeconds: Double?, loadAverage: Double?) {
    self.init()
    var found: [TrafficQuantity: [Count]] = [:]
    var reasons: [TrafficQuantity: String] = [:]
    let launches = Dictionary(grouping: rows, by: \.launch).sorted { $0.key < $1.key }.map { $0.value }
    for group in groups where !group.traffic.isEmpty && rows.contains(where: { $0.group == group.name }) {
      for formula in group.traffic {
        let values = launches.compactMap { launch in
          LaunchCounts(launch, of: group, passSeconds: passSeconds)?.value(of: formula)
        }
        let counted = values.compactMap { value in value.lines.map { (lines: $0, quality: value.quality) } }
        guard !counted.isEmpty, let worst = counted.map({ $0.quality }).max(by: { $0.rank < $1.rank }) else {
          if let reason = values.compactMap({ $0.reason }).first { reasons[formula.quantity] = reason }
          continue
        }
        let mean = counted.reduce(0) { $0 + $1.lines } / Double(counted.count)
        found[formula.quantity, default: []].append(
          Count(
            perToken: mean / Double(tokens), quality: worst, source: group.name, leavesOut: formula.leavesOut))
        if group.scope == .socket, let loadAverage, loadAverage > Self.idleLoad {
          warnings.append(
            "\(group.name) counts every process on the socket, and the load average was \(loadAverage) when the run began"
          )
        }
      }
    }
    for (quantity, counts) in found {
      guard let best = counts.min(by: { $0.rank < $1.rank }) else { continue }
      switch quantity {
      case .l1Fills: fills[0] = best
      case .l2Fills: fills[1] = best
      case .l3Fills: fills[2] = best
      case .memoryReads: memoryReads = best
      case .memoryWrites: memoryWrites = best
      case .instructions, .cycles, .loads, .stores, .flops, .memoryLines, .remoteLines, .pageWalks:
        others[quantity.rawValue] = best
      }
    }
    for (quantity, reason) in reasons where found[quantity] == nil { missing[quantity.rawValue] = reason }
    warnings = warnings.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}

/// The counts of one group in one launch.
private struct LaunchCounts {
  private let readings: [CounterReading]
  private let sources: Set<String>
  /// Of the window of a socket's counters, the part in which the workers ran; 1 for threads.
  private let share: Double

  /// Nil where the launch has none of the group's rows.
  init?(_ launch: [CounterRow], of group: CounterGroup, passSeconds: Double?) {
    let rows = launch.filter { $0.group == group.name }
    guard !rows.isEmpty else { return nil }
    let parts = Dictionary(grouping: rows) { [$0.thread ?? -1, $0.socket ?? -1] }.sorted {
      $0.key.lexicographicallyPrecedes($1.key)
    }
    readings = CounterReading.total(over: parts.map { $0.value.map(\.reading) })
    sources = Set(rows.compactMap(\.source))
    share = group.scope == .socket ? Self.share(of: rows, in: launch, passSeconds: passSeconds) : 1
  }

  private static func share(of rows: [CounterRow], in launch: [CounterRow], passSeconds: Double?) -> Double {
    guard let window = rows.compactMap(\.enabledNanoseconds).max(), window > 0 else { return 1 }
    let passes = Dictionary(grouping: launch.filter { $0.thread != nil }, by: \.group).values
      .compactMap { $0.compactMap(\.enabledNanoseconds).max() }.sorted()
    let region = passes.isEmpty ? passSeconds.map { $0 * 1e9 } : Double(passes[passes.count / 2])
    return region.map { min(1, $0 / Double(window)) } ?? 1
  }

  func value(of formula: TrafficFormula) -> (lines: Double?, quality: CountQuality, reason: String?) {
    let needed = readings.filter { formula.formula.events.contains($0.event) }
    let worst = needed.max { $0.quality < $1.quality }
    let value = formula.formula.value(of: readings).map { max(0, $0) * share }
    let quality = CountQuality(sources: sources, isScaled: worst?.quality == .scaled)
    return (
      value, quality, value == nil ? worst?.reason ?? "an event of \(formula.quantity.rawValue) has no value" : nil
    )
  }
}

extension CountQuality {
  /// By who counted, as the rows' `source` says, and how.
  fileprivate init(sources: Set<String>, isScaled: Bool) {
    if sources.contains(CounterOrigin.synthetic.rawValue) {
      self = .synthetic
    } else if sources.contains(CounterOrigin.replay.rawValue) {
      self = .replay
    } else if let other = sources.compactMap({ CountQuality(rawValue: $0) }).first {
      self = other
    } else {
      self = isScaled ? .scaled : .exact
    }
  }

  /// Place in the order of trust.
  fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension CountedTraffic.Count {
  /// Place among counts of the same quantity, the best first.
  fileprivate var rank: (Int, Int) { (leavesOut == nil ? 0 : 1, quality.rank) }
}
