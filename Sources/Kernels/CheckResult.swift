import Foundation

/// The difference between a kernel's output and the reference.
public struct CheckResult: Codable, Equatable, Sendable {
  /// Tokens compared.
  public var tokens: Int
  public var maxAbsoluteError: Double
  /// The largest part of an error that the compression of tables or weights does not explain; equal to
  /// `maxAbsoluteError` where nothing is compressed.
  public var maxUnexplainedError: Double
  /// The largest error relative to the expected value, over values of at least a thousandth of the largest.
  public var maxRelativeError: Double
  /// Largest finite expected magnitude. An infinite one would allow any error.
  public var scale: Double
  /// Codes that differ from the reference; 0 for kernels without codes.
  public var codeMismatches: Int
  /// Inputs of a bf16 hash's products that differ from the reference by more than fp32 arithmetic can explain.
  public var wrongInputs: Int
  /// Tokens that are not compared because a hash score is so close to 0 that rounding decides its bit.
  public var ambiguousTokens: Int

  public init(
    tokens: Int, maxAbsoluteError: Double, maxRelativeError: Double, scale: Double, codeMismatches: Int,
    ambiguousTokens: Int, maxUnexplainedError: Double? = nil, wrongInputs: Int = 0
  ) {
    self.tokens = tokens
    self.maxAbsoluteError = maxAbsoluteError
    self.maxUnexplainedError = maxUnexplainedError ?? maxAbsoluteError
    self.maxRelativeError = maxRelativeError
    self.scale = scale
    self.codeMismatches = codeMismatches
    self.ambiguousTokens = ambiguousTokens
    self.wrongInputs = wrongInputs
  }

  /// The contract's bound in fp32: 1e-5 of the larger of 1 and the largest expected magnitude. With compressed tables
  /// or weights it bounds the part of the error that the compression does not explain.
  public static let relativeTolerance = 1e-5

  public var tolerance: Double { CheckResult.relativeTolerance * max(1, scale) }

  public var passed: Bool {
    // False where an error is NaN.
    tokens > 0 && codeMismatches == 0 && wrongInputs == 0 && maxAbsoluteError.isFinite
      && maxUnexplainedError <= tolerance
  }

  /// Why the check failed; nil where it passed.
  public var failure: String? {
    if passed { return nil }
    if wrongInputs > 0 {
      return "\(wrongInputs) inputs of the bf16 projection's products are not those of fp32 arithmetic"
    }
    if tokens == 0 { return "no token could be compared" }
    if codeMismatches > 0 { return "\(codeMismatches) codes differ from the reference" }
    if maxUnexplainedError == maxAbsoluteError || maxAbsoluteError.isNaN {
      return String(format: "max_abs_error %.3g exceeds %.3g", maxAbsoluteError, tolerance)
    }
    return String(
      format: "an error of %.3g is not that of rounding to the element type, and exceeds %.3g", maxUnexplainedError,
      tolerance)
  }
}

/// Collects the comparison of one value after another.
struct CheckAccumulator {
  private var pairs: [(actual: Double, expected: Double)] = []
  private var unexplained = 0.0
  var tokens = 0
  var codeMismatches = 0
  var wrongInputs = 0
  var ambiguousTokens = 0

  /// `shift` is the change of the expected value by compressed tables or weights, and `slack` the uncertainty of
  /// `shift`. A slack that is not finite explains nothing, so the check fails.
  mutating func add(actual: Float, expected: Double, shift: Double = 0, slack: Double = 0) {
    pairs.append((Double(actual), expected))
    raise(&unexplained, to: slack.isFinite ? abs(Double(actual) - expected - shift) - slack : .nan)
  }

  var result: CheckResult {
    let scale = pairs.reduce(0) { $1.expected.isFinite ? max($0, abs($1.expected)) : $0 }
    var absolute = 0.0
    var relative = 0.0
    for (actual, expected) in pairs {
      let error = abs(actual - expected)
      raise(&absolute, to: error)
      let counts = !expected.isFinite || (abs(expected) >= scale * 1e-3 && expected != 0)
      if counts { raise(&relative, to: error / abs(expected)) }
    }
    return CheckResult(
      tokens: tokens, maxAbsoluteError: absolute, maxRelativeError: relative, scale: scale,
      codeMismatches: codeMismatches, ambiguousTokens: ambiguousTokens, maxUnexplainedError: unexplained,
      wrongInputs: wrongInputs)
  }
}

/// max() drops a NaN on one side, but an output that is NaN must fail the check.
private func raise(_ largest: inout Double, to value: Double) {
  largest = largest.isNaN || value.isNaN ? .nan : max(largest, value)
}
