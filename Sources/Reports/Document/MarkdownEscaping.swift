import Support

/// Text as a code span, whatever backticks it contains; nothing for empty text.
func markdownCode(_ text: String) -> String {
  let line = singleLine(text)
  guard !line.isEmpty else { return "" }
  let fence = String(repeating: "`", count: longestRun(of: "`", in: line) + 1)
  let ends = [line.unicodeScalars.first, line.unicodeScalars.last].compactMap { $0 }
  // Markdown removes one space at both ends, and needs one beside a backtick.
  let needsSpace = ends.contains("`") || ends == [" ", " "]
  return needsSpace ? "\(fence) \(line) \(fence)" : fence + line + fence
}

/// Lines as a code block in `language`, which no line can close. Lines with a `<`, which some readers take for an
/// HTML tag, become an HTML block with escaped characters.
func markdownBlock(_ text: String, _ language: String) -> String {
  let lines = visibleLines(text)
  guard !lines.unicodeScalars.contains("<") else {
    let escaped = lines.replacing(scalar: "&", with: "&amp;").replacing(scalar: "<", with: "&lt;")
      .replacing(scalar: ">", with: "&gt;")
    return "<pre><code class=\"language-\(language)\">\(escaped)\n</code></pre>"
  }
  let fence = String(repeating: "`", count: max(3, longestRun(of: "`", in: text) + 1))
  return "\(fence)\(language)\n\(lines)\n\(fence)"
}

/// The position of a text within the Markdown source.
struct MarkdownPlace: OptionSet {
  let rawValue: Int
  /// It may be the first of its line, where some characters start a heading, a list, a rule, a check box or a link
  /// definition.
  static let startsBlock = MarkdownPlace(rawValue: 1)
  /// Markup may follow without a space.
  static let continues = MarkdownPlace(rawValue: 2)
  /// It is in the description of a picture or the text of a link, where brackets must pair.
  static let hasBrackets = MarkdownPlace(rawValue: 4)
  /// It is in a cell of a table, where no block begins and nothing follows.
  static let isCell = MarkdownPlace(rawValue: 8)
}

/// The ends at which text loses its spaces.
struct MarkdownTrim: OptionSet {
  let rawValue: Int
  static let start = MarkdownTrim(rawValue: 1)
  static let end = MarkdownTrim(rawValue: 2)
}

/// Text as Markdown that shows it unchanged: one line, no markup, no link, no HTML.
///
/// It follows CommonMark 0.31 and GitHub's extensions. Only characters with a meaning are escaped, so that names and
/// paths stay readable in the source.
func markdownEscaped(_ text: String, _ place: MarkdownPlace, _ trim: MarkdownTrim) -> String {
  let scalars = trimmed(singleLine(text), trim)
  var text = ""
  // `1.` and `1)` begin a numbered list.
  let digits = place.contains(.startsBlock) ? scalars.prefix { ("0"..."9").contains($0) }.count : 0
  for (index, scalar) in scalars.enumerated() {
    let last = index > 0 ? scalars[index - 1] : nil
    let next = index + 1 < scalars.count ? scalars[index + 1] : nil
    let startsBlock = index == 0 && place.contains(.startsBlock)
    let endsNumber = digits > 0 && index == digits && (next ?? " ") == " "
    switch scalar {
    case "\\", "`", "*", "~": text += "\\\(scalar)"
    case _ where startsBlock && "#-+=[:".unicodeScalars.contains(scalar): text += "\\\(scalar)"
    case _ where endsNumber && ".)".unicodeScalars.contains(scalar): text += "\\\(scalar)"
    case _ where place.contains(.hasBrackets) && "[]".unicodeScalars.contains(scalar): text += "\\\(scalar)"
    case "<": text += next == " " ? "<" : "&lt;"
    case ">": text += startsBlock ? "&gt;" : ">"
    case "&": text += next.map { $0 == "#" || $0.properties.isAlphabetic } == true ? "&amp;" : "&"
    // Inside a word it is no emphasis.
    case "_": text += isWord(last) && isWord(next) ? "_" : "\\_"
    case "[": text += last == "!" || next == "^" ? "\\[" : "["
    case "]" where next == nil: text += place.contains(.continues) ? "\\]" : "]"
    case "]": text += "([:".unicodeScalars.contains(next ?? " ") ? "\\]" : "]"
    // At the end of a heading it would be taken for its closing sequence.
    case "#" where next == nil && place.contains(.continues): text += "\\#"
    default: text.unicodeScalars.append(scalar)
    }
  }
  return text
}

private func isWord(_ scalar: Unicode.Scalar?) -> Bool {
  scalar.map { $0.properties.isAlphabetic || $0.properties.numericType != nil } ?? false
}

private func trimmed(_ line: String, _ trim: MarkdownTrim) -> [Unicode.Scalar] {
  var scalars = Array(line.unicodeScalars)
  if trim.contains(.end) {
    while scalars.last == " " { scalars.removeLast() }
  }
  return trim.contains(.start) ? Array(scalars.drop { $0 == " " }) : scalars
}

private func longestRun(of scalar: Unicode.Scalar, in text: String) -> Int {
  var longest = 0
  var run = 0
  for other in text.unicodeScalars {
    run = other == scalar ? run + 1 : 0
    longest = max(longest, run)
  }
  return longest
}
