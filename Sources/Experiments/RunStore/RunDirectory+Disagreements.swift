import Foundation
import Plans
import Statistics

extension RunDirectory {
  /// Points whose stored results are not those of their samples, in the order of the plan: a count, a median or a fastest
  /// sample that somebody edited, or samples that are gone. The samples are what was measured; statistics can be made again.
  public func disagreements() throws -> [Point] {
    let results = try store.rows(ResultRow.self)
    let samples = Dictionary(grouping: try store.rows(SampleRow.self), by: \.pointID)
    // A run that was made up keeps none at all, so that there is nothing to hold its results against.
    let hasSamples = !samples.isEmpty
    let rows = Dictionary(grouping: results, by: \.pointID)
    return plan.points.filter { point in
      (rows[point.id] ?? []).contains { row in
        !row.isOf(point) || hasSamples && !row.agrees(with: samples[point.id] ?? [])
      }
    }
  }

  /// As many points as a line can take.
  private static let mostNamed = 5

  /// One line that names the points of `disagreements`; nil where there are none.
  public func disagreementWarning() throws -> String? {
    let points = try disagreements()
    guard !points.isEmpty else { return nil }
    let named = points.prefix(Self.mostNamed).map(\.label).joined(separator: ", ")
    let more = points.count > Self.mostNamed ? " and \(points.count - Self.mostNamed) more" : ""
    return
      "\(path): stored results do not agree with the samples that they summarise, as if they had been edited, at "
      + "\(points.count == 1 ? "one point" : "\(points.count) points"): \(named)\(more)"
  }
}

extension ResultRow {
  /// Beyond the rounding of any order of summing.
  private static let tolerance = 1e-9

  /// Whether the row's size is that of the point as it was planned.
  fileprivate func isOf(_ point: Point) -> Bool {
    tokens == point.tokens && hidden == point.hidden && threads == point.threads && tables == point.tables
      && tableRows == point.tableRows
  }

  /// Whether count, median, minimum and the rates that follow are those of `samples`. A row without statistics says nothing
  /// that could be wrong.
  fileprivate func agrees(with samples: [SampleRow]) -> Bool {
    guard n != nil || medianNanoseconds != nil else { return tokensPerSecond == nil && nanosecondsPerToken == nil }
    guard let statistics = Statistics(samples.map(\.wallNanoseconds)) else { return false }
    func isClose(_ stored: Double?, _ value: Double) -> Bool {
      stored.map { abs($0 - value) <= Self.tolerance * value } ?? false
    }
    func hasInterval(_ interval: MedianInterval?) -> Bool {
      guard let interval else { return ci95LowNanoseconds == nil && ci95HighNanoseconds == nil }
      return isClose(ci95LowNanoseconds, interval.low) && isClose(ci95HighNanoseconds, interval.high)
    }
    return n == statistics.count && isClose(medianNanoseconds, statistics.median)
      && isClose(minNanoseconds, statistics.minimum)
      && isClose(nanosecondsPerToken, statistics.median / Double(tokens))
      && isClose(tokensPerSecond, Double(tokens) * 1e9 / statistics.median)
      && hasInterval(statistics.interval)
  }
}
