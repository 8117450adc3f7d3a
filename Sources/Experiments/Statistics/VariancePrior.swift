import Foundation

/// The common distribution of the variances of many points, each estimated from a few values: a scaled inverse
/// chi-square distribution, fitted by the moments of their logarithms (Smyth, Statistical Applications in Genetics
/// and Molecular Biology 3(1), 2004, section 6.2).
///
/// A variance from three launches is a poor estimate; a grid of such estimates shows the machine's typical variance.
public struct VariancePrior: Equatable, Sendable {
  /// The common variance.
  public var variance: Double
  /// The weight of the common variance relative to a point's own, in degrees of freedom: infinite where all points
  /// have the same variance, near 0 where each has its own.
  public var degrees: Double

  public init(variance: Double, degrees: Double) {
    self.variance = variance
    self.degrees = degrees
  }

  /// Fits variances with their degrees of freedom; those with none are ignored. Nil without any.
  public init?(_ variances: [(variance: Double, degrees: Double)]) {
    let known = variances.filter { $0.degrees > 0 }
    guard !known.isEmpty else { return nil }
    // A variance of exactly 0 comes from the clock's resolution; its logarithm must not dominate (as in limma).
    let floor = quantile(known.map(\.variance).sorted(), 0.5) * 1e-5
    guard floor > 0 else {
      self.init(variance: 0, degrees: .infinity)
      return
    }
    let logarithms = known.map { point -> Double in
      let half = point.degrees / 2
      return log(max(point.variance, floor)) - digamma(half) + log(half)
    }
    let mean = logarithms.reduce(0, +) / Double(known.count)
    guard known.count > 1 else {
      self.init(variance: exp(mean), degrees: 0)
      return
    }
    let squares = logarithms.map { ($0 - mean) * ($0 - mean) }
    let scatter = squares.reduce(0, +) / Double(known.count - 1)
    // The scatter expected from the few degrees of freedom alone.
    let expected = known.map { trigamma($0.degrees / 2) }.reduce(0, +) / Double(known.count)
    guard scatter > expected else {
      self.init(variance: exp(mean), degrees: .infinity)
      return
    }
    let half = inverseTrigamma(scatter - expected)
    self.init(variance: exp(mean + digamma(half) - log(half)), degrees: 2 * half)
  }

  /// A point's variance shrunk towards the common one, each weighted by its degrees of freedom, with the degrees of
  /// both.
  public func moderated(_ own: (variance: Double, degrees: Double)) -> (variance: Double, degrees: Double) {
    guard degrees.isFinite else { return (variance, .infinity) }
    let sum = degrees + own.degrees
    return sum > 0 ? ((degrees * variance + own.degrees * own.variance) / sum, sum) : (variance, 0)
  }
}

/// The derivative of the logarithm of the gamma function for x > 0: recurrence up to 6, then the asymptotic series
/// (Abramowitz and Stegun 6.3.5, 6.3.18), to about 1e-10.
func digamma(_ x: Double) -> Double {
  var (x, sum) = (x, 0.0)
  while x < 6 {
    sum -= 1 / x
    x += 1
  }
  let square: Double = 1 / (x * x)
  let tail: Double = 1.0 / 120 - square * (1.0 / 252 - square / 240)
  let series: Double = square * (1.0 / 12 - square * tail)
  return sum + log(x) - 0.5 / x - series
}

/// The derivative of `digamma` (Abramowitz and Stegun 6.4.6, 6.4.12).
func trigamma(_ x: Double) -> Double {
  var (x, sum) = (x, 0.0)
  while x < 6 {
    sum += 1 / (x * x)
    x += 1
  }
  let inverse: Double = 1 / x
  let square: Double = inverse * inverse
  let tail: Double = 1.0 / 30 - square * (1.0 / 42 - square / 30)
  let series: Double = 0.5 + inverse * (1.0 / 6 - square * tail)
  return sum + inverse * (1 + inverse * series)
}

/// The x > 0 whose trigamma is `value` > 0: trigamma falls from infinity to 0, so bisection of its logarithm finds it.
func inverseTrigamma(_ value: Double) -> Double {
  // Trigamma is about 1 / x^2 below and 1 / x above: these ends enclose every value between 1e-12 and 1e24.
  var (low, high) = (log(1e-12), log(1e12))
  for _ in 0..<200 {
    let middle = (low + high) / 2
    if trigamma(exp(middle)) > value { low = middle } else { high = middle }
  }
  return exp((low + high) / 2)
}
