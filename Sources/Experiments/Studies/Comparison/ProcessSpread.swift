import Statistics

/// How much the medians of two processes differ that run the same code: pages, load of the machine and time of day
/// differ.
///
/// All samples of one process share its conditions, however many there are. So a difference counts only when it is
/// large against this spread, which is estimated for each point from its launches and from the whole grid.
struct ProcessSpread {
  private let prior: VariancePrior
  /// The mean of the points' own variances; 0 where none has any.
  private let pooled: Double

  /// Times are logarithms, so that spreads are relative. With one process a side everywhere, the spread is estimated
  /// from the changes of the grid: most points are supposed to share one common change (an empirical null, Efron,
  /// JASA 99(465), 2004). Nil where the grid is too small for an estimate.
  init?(_ pairs: [(a: [Double], b: [Double])]) {
    let own = pairs.map(Self.variance)
    if own.contains(where: { $0.degrees > 0 }) {
      guard let fitted = VariancePrior(own) else { return nil }
      prior = fitted
      let degrees = own.map(\.degrees).reduce(0, +)
      pooled = own.map { $0.variance * $0.degrees }.reduce(0, +) / degrees
      return
    }
    guard pairs.count >= Self.fewestPoints else { return nil }
    let changes = pairs.map { mean($0.b) - mean($0.a) }
    let centre = quantile(changes.sorted(), 0.5)
    // Up to a tenth of the points may have changed on their own. The median deviation would allow for half of them,
    // but misses processes that come in two kinds, such as with and without other load on the machine.
    let deviation = quantile(changes.map { abs($0 - centre) }.sorted(), 0.9) / 1.645
    pooled = 0
    // A change is the difference of two processes.
    prior = VariancePrior(variance: deviation * deviation / 2, degrees: Self.unreplicatedDegrees)
  }

  /// The smallest grid whose changes give a usable spread.
  private static let fewestPoints = 10
  /// The degrees of freedom of three launches a side.
  private static let fewestDegrees = 4.0
  /// Degrees of freedom where no point has several launches. Three, because the spread of the grid need not be that
  /// of the point, and tails on shared machines are heavy: the 95 % level then takes 3.2 standard deviations instead
  /// of 2.
  private static let unreplicatedDegrees = 3.0

  /// The probability of a change of this size between the processes of `a` and `b` if they are alike, and the half
  /// width of the change's 95 % interval; nil where neither the point nor the grid allows an estimate.
  func judge(_ a: [Double], _ b: [Double]) -> (pValue: Double, halfWidth: Double)? {
    let own = Self.variance((a, b))
    let degrees: Double
    var variance: Double
    (variance, degrees) = prior.moderated(own)
    // Where launches come in two kinds, two of them can agree by chance; then the variance of the grid counts.
    if own.degrees < Self.fewestDegrees { variance = max(variance, pooled) }
    guard degrees > 0 else { return nil }
    let distribution = StudentT(degrees: degrees)
    let share: Double = 1 / Double(a.count) + 1 / Double(b.count)
    let error = (variance * share).squareRoot()
    let change = mean(b) - mean(a)
    guard error > 0 else { return (change == 0 ? 1 : 0, 0) }
    return (
      distribution.twoSidedPValue(change / error), distribution.criticalValue(twoSided: Comparison.level) * error
    )
  }

  /// The variance between the processes of a side, pooled over both sides.
  private static func variance(_ pair: (a: [Double], b: [Double])) -> (variance: Double, degrees: Double) {
    let degrees = Double(pair.a.count + pair.b.count - 2)
    let squares = [pair.a, pair.b].map { values -> Double in
      let centre = mean(values)
      return values.map { ($0 - centre) * ($0 - centre) }.reduce(0, +)
    }.reduce(0, +)
    return (degrees > 0 ? squares / degrees : 0, max(0, degrees))
  }
}

private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
