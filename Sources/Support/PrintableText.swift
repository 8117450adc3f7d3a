/// Text from a file or an argument for a message: one line, without characters that control a terminal.
///
/// Control characters, line ends and invisible marks that reorder or hide text are written as escapes (`\x1b`, `\n`,
/// `\u202e`). A text longer than `limit` keeps its beginning and its end around an ellipsis. Takes O(limit) time
/// besides counting.
public func printable(_ text: String, atMost limit: Int = .max) -> String {
  let scalars = text.unicodeScalars
  // The text is cut before escaping, so that megabytes of text cost no more than a short one.
  let isLong = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex).map {
    $0 != scalars.endIndex
  }
  guard isLong == true else { return shortened(scalars.map(escaped).joined(), to: limit) }
  let ends = scalars.prefix(limit).map(escaped).joined() + ellipsis + scalars.suffix(limit).map(escaped).joined()
  return shortened(ends, to: limit)
}

/// A word from a file or an argument in quotes, for messages: printable, and at most some 60 characters.
public func quote(_ text: String) -> String {
  "'\(printable(text, atMost: longestQuote))'"
}

/// An error as the single line that the user sees. Further lines exist only where an `InputError` has details.
///
/// No line is longer than 300 characters together with `prefix`, which the caller puts before the first.
public func errorLines(_ error: any Error, prefix: String) -> String {
  let text = "\(error)"
  let lines = error is InputError ? text.split(separator: "\n").map(String.init) : [text]
  return lines.map { printable($0, atMost: longestLine - prefix.count) }.joined(separator: "\n")
}

/// Long enough to recognise a word or a path's end, short enough that a message stays one line.
private let longestQuote = 60
/// Four lines of a terminal of 80 columns, with some margin for wrapping.
let longestLine = 300
private let ellipsis = "…"

/// Counts Unicode scalars, because a character may have any number of them.
private func shortened(_ text: String, to limit: Int) -> String {
  let scalars = Array(text.unicodeScalars)
  guard scalars.count > limit, limit > 1 else { return text }
  let head = (limit - 1) * 2 / 3
  var result = String.UnicodeScalarView()
  result.append(contentsOf: scalars.prefix(head))
  result.append(contentsOf: ellipsis.unicodeScalars)
  result.append(contentsOf: scalars.suffix(limit - 1 - head))
  return String(result)
}

private func escaped(_ scalar: Unicode.Scalar) -> String {
  guard scalar.isUnprintable else { return String(scalar) }
  switch scalar {
  case "\n": return "\\n"
  case "\r": return "\\r"
  case "\t": return "\\t"
  default:
    let digits = String(scalar.value, radix: 16)
    let width = scalar.value < 0x100 ? 2 : 4
    return (width == 2 ? "\\x" : "\\u") + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
