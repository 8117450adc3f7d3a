import Kernels
import Plans
import RunStore

extension RunData {
  /// The dense network that `lookup` competes with: same width, tokens and threads, wherever in the run it was measured.
  /// Where several qualify: first those of the same element type and placed alike, then of the lookup's own sweep, then the customary
  /// ff = 4 d, then the fastest, so that a speed-up is never quoted against a needlessly slow rival.
  func baseline(of lookup: ResultRow) -> ResultRow? {
    let rivals = measured.filter {
      $0.kernel == .dense && $0.hidden == lookup.hidden && $0.tokens == lookup.tokens && $0.threads == lookup.threads
    }
    func rank(_ dense: ResultRow) -> (Int, Int, Int, Double) {
      return (
        dense.mismatches(lookup), dense.sweep == lookup.sweep ? 0 : 1,
        dense.intermediate == 4 * dense.hidden ? 0 : 1,
        -(dense.tokensPerSecond ?? 0)
      )
    }
    return rivals.min { rank($0) < rank($1) }
  }

  /// The speed-up with a mark where the baseline has another element type or was placed otherwise, for want of one alike.
  func speedupText(of lookup: ResultRow) -> String? {
    guard let speedup = speedup(of: lookup), let dense = baseline(of: lookup) else { return nil }
    let text = speedup.text + (dense.mismatches(lookup) > 0 ? " ‡" : "")
    guard let wide = fp32Baseline(of: lookup).flatMap({ Ratio($0, over: lookup) }) else { return text }
    return "\(text); fp32 \(wide.text)"
  }

  /// Explains the mark, where `rows` have one.
  func speedupFootnote(_ rows: [ResultRow]) -> String {
    rows.contains { speedupText(of: $0)?.contains("‡") == true }
      ? "‡ against a dense network of another element type, or on other CPUs, memory or pages: the run has none alike.\n\n"
      : ""
  }

  /// The fp32 dense network that `lookup` competes with, where its baseline is of its own narrower type.
  func fp32Baseline(of lookup: ResultRow) -> ResultRow? {
    guard let dense = baseline(of: lookup), dense.dtype != .fp32 else { return nil }
    var wide = lookup
    wide.dtype = .fp32
    return baseline(of: wide).flatMap { $0.dtype == .fp32 ? $0 : nil }
  }

  /// How many times faster `lookup` is than its baseline.
  func speedup(of lookup: ResultRow) -> Ratio? {
    guard lookup.kernel == .lookup, let dense = baseline(of: lookup) else { return nil }
    return Ratio(dense, over: lookup)
  }
}

extension ResultRow {
  /// In how many respects two points were placed differently.
  fileprivate func mismatches(_ other: ResultRow) -> Int {
    [dtype != other.dtype, cpus != other.cpus, memoryPolicy != other.memoryPolicy, pageKind != other.pageKind].filter {
      $0
    }.count
  }
}

/// A ratio of two medians. Its interval divides the far ends of the two 95 % intervals, so that it errs on the wide side:
/// it covers the ratio with at least 90 % (Bonferroni), and with about 99 % for independent samples.
struct Ratio: Equatable {
  var value: Double
  var low: Double?
  var high: Double?

  /// Times of `numerator` over times of `denominator`: the speed-up of the latter.
  init?(_ numerator: ResultRow, over denominator: ResultRow) {
    guard let top = numerator.nanosecondsPerToken, let bottom = denominator.nanosecondsPerToken, bottom > 0 else {
      return nil
    }
    value = top / bottom
    if let topLow = numerator.ci95LowNanoseconds, let topHigh = numerator.ci95HighNanoseconds,
      let bottomLow = denominator.ci95LowNanoseconds, let bottomHigh = denominator.ci95HighNanoseconds, bottomLow > 0
    {
      // The intervals are of whole passes, over the same or different numbers of tokens.
      let scale = Double(denominator.tokens) / Double(numerator.tokens)
      low = topLow / bottomHigh * scale
      high = topHigh / bottomLow * scale
    }
  }

  var text: String {
    guard let low, let high else { return times(value) }
    return "\(times(value)) [\(significant(low, 3)), \(significant(high, 3))]"
  }
}
