import Foundation
import RunStore
import Support

/// `value` with `digits` significant digits and no exponent: `0.0123`, `12.3`, `1230`.
func significant(_ value: Double, _ digits: Int = 3) -> String {
  guard value.isFinite else { return "–" }
  guard value != 0 else { return "0" }
  guard var magnitude = Int(rounding: log10(abs(value)), .down) else { return "–" }
  // 9.996 to three digits is 10.0, with one digit more before the point.
  let unit = pow(10, Double(magnitude - digits + 1))
  if abs(value / unit).rounded() * unit >= pow(10, Double(magnitude + 1)) { magnitude += 1 }
  return String(format: "%.\(max(0, digits - 1 - magnitude))f", value)
}

/// `285 k`, `1.24 M`: three digits with a decimal prefix.
func scaled(_ value: Double) -> String {
  let prefixes: [(Double, String)] = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")]
  // 999.5 rounds up to the next prefix.
  let prefix = prefixes.first { abs(value) >= $0.0 * 0.9995 }
  return significant(value / (prefix?.0 ?? 1)) + (prefix?.1 ?? "")
}

/// `2.51x`.
func times(_ ratio: Double) -> String { significant(ratio) + "x" }

/// `12.3 %` of a fraction.
func percent(_ fraction: Double, signed: Bool = false) -> String {
  (signed && fraction > 0 ? "+" : "") + String(format: "%.1f %%", fraction * 100)
}

/// `64 KiB`: a number of bytes with a binary prefix.
func bytes(_ count: Int) -> String {
  let text = formatByteCount(count)
  let unit = text.drop { $0.isNumber || $0 == "." }
  let number = Double(text.dropLast(unit.count)) ?? 0
  return (Int(exactly: number).map(String.init) ?? significant(number)) + " " + unit
}

/// A median with its interval: `812.3 [810.1, 815.0]`, all with the decimals of a median of four digits.
func interval(_ median: Double, _ low: Double?, _ high: Double?) -> String {
  guard let low, let high else { return significant(median, 4) }
  let decimals = significant(median, 4).split(separator: ".").dropFirst().first?.count ?? 0
  let format = "%.\(decimals)f"
  return String(format: "\(format) [\(format), \(format)]", median, low, high)
}

/// `1 point`, `2 points`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
