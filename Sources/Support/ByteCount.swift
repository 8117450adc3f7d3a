/// Binary units, largest first, so that formatting finds the best fit and parsing the longest match.
private let binaryUnits: [(suffix: String, bytes: Int)] = [
  ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
]

/// Parses `48KiB`, `1.375MiB`, `512` (bytes). Nil where the text is not a non-negative whole number of bytes, in decimal
/// digits without sign, exponent or leading zeros.
public func parseByteCount(_ text: String) -> Int? {
  let unit = binaryUnits.first { text.hasSuffix($0.suffix) } ?? ("", 1)
  let digits = String(text.dropLast(unit.suffix.count))
  guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") }),
    digits.utf8.first != UInt8(ascii: "."), digits.utf8.last != UInt8(ascii: ".")
  else { return nil }
  // Whole numbers exactly: a double would round those beyond 2^53.
  if let number = Numerals.whole(digits) {
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
    return overflow ? nil : bytes
  }
  guard digits.contains("."), let number = Numerals.number(digits) else { return nil }
  let bytes = number * Double(unit.bytes)
  guard bytes < 0x1p53, bytes == bytes.rounded() else { return nil }
  return Int(bytes)
}

/// Formats a count of bytes in the largest binary unit that keeps it exact or at least one: `48KiB`, `1.5MiB`.
public func formatByteCount(_ bytes: Int) -> String {
  let unit = binaryUnits.first { bytes >= $0.bytes } ?? ("B", 1)
  let value = Double(bytes) / Double(unit.bytes)
  let rounded = (value * 1000).rounded() / 1000
  return (rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)") + unit.suffix
}
