import Plans

/// The expected time for the rest of a run: the estimate for each launch that is left, scaled by the ratio of actual
/// to estimated times so far.
struct RemainingTime {
  /// The a-priori estimate for one launch of a point, in seconds.
  private let estimate: (Point) -> Double
  private var estimated = 0.0
  private var taken = 0.0

  init(estimate: @escaping (Point) -> Double) {
    self.estimate = estimate
  }

  init(_ experiment: Experiment, countsUnderValgrind: Bool = false) {
    var estimate = TimeEstimate(experiment)
    estimate.countsUnderValgrind = countsUnderValgrind
    self.init { [estimate] in estimate.launchSeconds($0) }
  }

  mutating func finished(_ point: Point, seconds: Double) {
    estimated += estimate(point)
    taken += seconds
  }

  /// The expected seconds; nil before the first launch is done.
  func seconds(for points: some Collection<Point>) -> Double? {
    guard estimated > 0 else { return nil }
    return points.reduce(0) { $0 + estimate($1) } * taken / estimated
  }
}
