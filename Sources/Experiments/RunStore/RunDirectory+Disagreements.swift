import Foundation
import Kernels
import Plans
import Statistics

extension RunDirectory {
  /// Points whose stored results contradict their samples, in the order of the plan: a count, a median or a fastest
  /// sample that was edited, or samples that are missing. The samples are the measurement; statistics can be computed
  /// again.
  public func disagreements() throws -> [Point] {
    let results = try store.rows(ResultRow.self)
    let samples = Dictionary(grouping: try store.rows(SampleRow.self), by: \.pointID)
    // A synthetic run may have no samples at all, and then there is nothing to check.
    let hasSamples = !samples.isEmpty
    let rows = Dictionary(grouping: results, by: \.pointID)
    return plan.points.filter { point in
      (rows[point.id] ?? []).contains { row in
        !row.isOf(point) || hasSamples && !row.common.agrees(with: samples[point.id] ?? [])
      }
    }
  }

  /// The most points that fit on a line.
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
  /// Whether the row's size is that of the planned point.
  fileprivate func isOf(_ point: Point) -> Bool {
    let own = NetworkFigures(point.network.figures)
    return self.tokens == point.tokens && self.hidden == point.hidden && self.threads == point.threads
      && figures["tables"] == own["tables"] && figures["table_rows"] == own["table_rows"]
  }
}

extension ResultRow.Common {
  /// The relative tolerance, above the rounding of any order of summation.
  private static let tolerance = 1e-9

  /// Whether count, median, minimum and the rates that follow are those of `samples`. A row without statistics always
  /// agrees.
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
