import Foundation

/// Student's t distribution with `degrees` of freedom, which may be fractional, or infinite for the normal
/// distribution.
package struct StudentT {
  private let degrees: Double

  package init(degrees: Double) {
    self.degrees = degrees
  }

  /// P(|T| >= |t|).
  package func twoSidedPValue(_ t: Double) -> Double {
    guard t.isFinite else { return 0 }
    guard degrees.isFinite else { return erfc(abs(t) / 2.0.squareRoot()) }
    // Abramowitz and Stegun 26.7.1 and 26.5.27.
    return regularisedIncompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
  }

  /// The t that is exceeded, in absolute value, with probability `p`.
  package func criticalValue(twoSided p: Double) -> Double {
    var (low, high) = (0.0, 1.0)
    // Bounded by 2^60: with less than a tenth of a degree of freedom no bound is useful.
    while twoSidedPValue(high) > p, high < 0x1p60 { high *= 2 }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if twoSidedPValue(middle) > p { low = middle } else { high = middle }
    }
    return high
  }
}

/// I_x(a, b) by its continued fraction (Numerical Recipes, 3rd edition, section 6.4; Lentz's method), to about 1e-14.
func regularisedIncompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
  guard x > 0 else { return 0 }
  guard x < 1 else { return 1 }
  // The fraction converges quickly below the mean; above it the symmetry I_x(a, b) = 1 - I_1-x(b, a) helps.
  if x > (a + 1) / (a + b + 2) { return 1 - regularisedIncompleteBeta(1 - x, b, a) }
  let tiny = 1e-300
  func bounded(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
  var c = 1.0
  var d = 1 / bounded(1 - (a + b) * x / (a + 1))
  var fraction = d
  for m in 1...1000 {
    let m = Double(m)
    let twice: Double = a + 2 * m
    let even: Double = m * (b - m) * x / ((twice - 1) * twice)
    let odd: Double = -(a + m) * (a + b + m) * x / (twice * (twice + 1))
    for term in [even, odd] {
      d = 1 / bounded(1 + term * d)
      c = bounded(1 + term / c)
      fraction *= d * c
    }
    if abs(d * c - 1) < 1e-15 { break }
  }
  let logBeta: Double = lgamma(a) + lgamma(b) - lgamma(a + b)
  let front: Double = exp(a * log(x) + b * log(1 - x) - logBeta)
  return front * fraction / a
}
