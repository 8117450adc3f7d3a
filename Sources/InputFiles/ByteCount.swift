/// Binary units, largest first, so that formatting finds the best fit and parsing the longest match.
private let binaryUnits: [(suffix: String, bytes: Double)] = [
  ("TiB", 1_099_511_627_776), ("GiB", 1_073_741_824), ("MiB", 1_048_576), ("KiB", 1024), ("B", 1),
]

/// Parses `48KiB`, `1.375MiB`, `512` (bytes). Nil where the text is not a non-negative whole number of bytes.
public func parseByteCount(_ text: String) -> Int? {
  let unit = binaryUnits.first { text.hasSuffix($0.suffix) }
  let digits = text.dropLast(unit?.suffix.count ?? 0)
  guard let last = digits.last, last.isNumber, let number = Double(digits) else { return nil }
  let bytes = number * (unit?.bytes ?? 1)
  guard bytes >= 0, bytes < Double(Int.max), bytes == bytes.rounded() else { return nil }
  return Int(bytes)
}

/// Formats a count of bytes in the largest binary unit that keeps it exact or at least one: `48KiB`, `1.5MiB`.
public func formatByteCount(_ bytes: Int) -> String {
  let unit = binaryUnits.first { Double(bytes) >= $0.bytes } ?? ("B", 1)
  let value = Double(bytes) / unit.bytes
  let rounded = (value * 1000).rounded() / 1000
  return (rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)") + unit.suffix
}
