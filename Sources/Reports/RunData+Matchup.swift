import Kernels
import RunStore
import Studies

extension RunData {
  /// The measured baseline of `row`, from anywhere in the run, and the reason for it.
  func matchup(of row: ResultRow) -> Matchup<ResultRow>? { Matchup(of: row, among: measured) }

  func baseline(of row: ResultRow) -> ResultRow? { matchup(of: row)?.baseline }

  /// The speed-up, with a mark where the matchup has a caveat.
  func speedupCell(of lookup: ResultRow) -> ReportDocument.Cell? {
    guard let matchup = matchup(of: lookup), let speedup = Ratio(matchup.baseline, over: lookup) else { return nil }
    var text = speedup.text + (matchup.hasCaveat ? " ‡" : "")
    if let wide = fp32Baseline(of: lookup).flatMap({ Ratio($0, over: lookup) }) { text += "; fp32 \(wide.text)" }
    return .number(speedup.value) { _ in text }
  }

  /// The explanation of the mark, where `rows` have one.
  func speedupFootnote(_ rows: [ResultRow]) -> InlineText? {
    guard rows.contains(where: { speedup(of: $0) != nil && matchup(of: $0)?.hasCaveat == true }) else { return nil }
    return """
      ‡ against a dense network of another element type, or on other CPUs, memory, pages or instruction set: the run has \
      none alike.
      """
  }

  /// The baselines of the look-ups among `rows` and the reasons, one line for each baseline and reason.
  func matchupLines(_ rows: [ResultRow]) -> [InlineText] {
    struct Reason: Hashable {
      var baseline: String
      var text: String
    }
    let reasons = rows.compactMap { row in
      matchup(of: row).map { Reason(baseline: $0.baseline.pointID, text: $0.reason) }
    }
    return grouped(reasons, by: { $0 }).map { reason, rows in
      "\(counted(rows.count, "look-up")) against \(code: label(reason.baseline)): \(reason.text)"
    }
  }

  /// The fp32 dense network for a second comparison, where the baseline of `lookup` has the look-up's own narrower
  /// type.
  func fp32Baseline(of lookup: ResultRow) -> ResultRow? {
    guard let dense = baseline(of: lookup), dense.dtype != .fp32 else { return nil }
    var wide = lookup
    wide.dtype = .fp32
    return baseline(of: wide).flatMap { $0.dtype == .fp32 ? $0 : nil }
  }

  /// The measured speed-up of `lookup` over its baseline.
  func speedup(of lookup: ResultRow) -> Ratio? {
    baseline(of: lookup).flatMap { Ratio($0, over: lookup) }
  }
}

/// A ratio of two medians. Its interval divides the far ends of the two 95 % intervals, which is conservative: it
/// covers the ratio with at least 90 % (Bonferroni), and with about 99 % for independent samples.
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
      // The intervals are of whole passes, possibly with different numbers of tokens.
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
