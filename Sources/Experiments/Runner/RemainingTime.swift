/// How long the rest of a run may take: the estimate for each launch that is left, scaled by how launches so far compared
/// with theirs.
struct RemainingTime {
  private let measure: Measure
  private var estimated = 0.0
  private var taken = 0.0

  init(_ measure: Measure) {
    self.measure = measure
  }

  /// Seconds, before anything is known: warm-up and the samples that are always taken.
  private var estimate: Double { measure.warmupSeconds + min(measure.minSeconds, measure.maxSeconds) }

  mutating func finished(_ point: Point, seconds: Double) {
    // Whatever the measurement, a process and a projection take some time; it keeps the ratio finite.
    estimated += max(estimate, 0.1)
    taken += seconds
  }

  /// Nil before the first launch is done.
  func seconds(for points: some Collection<Point>) -> Double? {
    guard estimated > 0 else { return nil }
    return Double(points.count) * max(estimate, 0.1) * taken / estimated
  }
}
