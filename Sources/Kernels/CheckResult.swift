import Foundation

/// How far a kernel's output is from the reference.
public struct CheckResult: Codable, Equatable, Sendable {
  /// Tokens compared.
  public var tokens: Int
  public var maxAbsoluteError: Double
  /// Relative to each expected value's magnitude, over values of at least a thousandth of the largest.
  public var maxRelativeError: Double
  /// Largest expected magnitude.
  public var scale: Double
  /// Codes that differ from the reference; 0 for kernels without codes.
  public var codeMismatches: Int
  /// Tokens left out because a projection lies so close to 0 that rounding decides its bit.
  public var ambiguousTokens: Int

  public init(
    tokens: Int, maxAbsoluteError: Double, maxRelativeError: Double, scale: Double, codeMismatches: Int,
    ambiguousTokens: Int
  ) {
    self.tokens = tokens
    self.maxAbsoluteError = maxAbsoluteError
    self.maxRelativeError = maxRelativeError
    self.scale = scale
    self.codeMismatches = codeMismatches
    self.ambiguousTokens = ambiguousTokens
  }

  /// The contract's bound in fp32: 1e-5 of the larger of 1 and the largest expected magnitude.
  public static let relativeTolerance = 1e-5

  public var tolerance: Double { CheckResult.relativeTolerance * max(1, scale) }

  public var passed: Bool {
    tokens > 0 && codeMismatches == 0 && maxAbsoluteError <= tolerance  // false where an error is NaN
  }

  /// Why the check failed; nil where it passed.
  public var failure: String? {
    if passed { return nil }
    if tokens == 0 { return "no token could be compared" }
    if codeMismatches > 0 { return "\(codeMismatches) codes differ from the reference" }
    return String(format: "max_abs_error %.3g exceeds %.3g", maxAbsoluteError, tolerance)
  }
}

/// Collects the comparison of one value after another.
struct CheckAccumulator {
  private var pairs: [(actual: Double, expected: Double)] = []
  var tokens = 0
  var codeMismatches = 0
  var ambiguousTokens = 0

  mutating func add(actual: Float, expected: Double) {
    pairs.append((Double(actual), expected))
  }

  var result: CheckResult {
    let scale = pairs.reduce(0) { max($0, abs($1.expected)) }
    var absolute = 0.0
    var relative = 0.0
    for (actual, expected) in pairs {
      let error = abs(actual - expected)
      // max() drops a NaN on one side; an output that is no number must fail the check.
      if error.isNaN { absolute = .nan }
      if !absolute.isNaN { absolute = max(absolute, error) }
      if abs(expected) >= scale * 1e-3, expected != 0 { relative = max(relative, error / abs(expected)) }
    }
    return CheckResult(
      tokens: tokens, maxAbsoluteError: absolute, maxRelativeError: relative, scale: scale,
      codeMismatches: codeMismatches, ambiguousTokens: ambiguousTokens)
  }
}
