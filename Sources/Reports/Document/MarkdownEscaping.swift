import Support

/// Text as a code span, whatever backticks it has; nothing for none.
func markdownCode(_ text: String) -> String {
  let line = singleLine(text)
  guard !line.isEmpty else { return "" }
  let fence = String(repeating: "`", count: longestRun(of: "`", in: line) + 1)
  let ends = [line.unicodeScalars.first, line.unicodeScalars.last].compactMap { $0 }
  // A space at both ends is taken off again, and one is needed beside a backtick.
  let needsSpace = ends.contains("`") || ends == [" ", " "]
  return needsSpace ? "\(fence) \(line) \(fence)" : fence + line + fence
}

/// Lines as a code block in `language`, which nothing in them can end. Where they hold a `<`, which a reader that looks for
/// HTML before Markdown would take for a tag, the block is HTML with the characters escaped.
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

/// Where text stands.
struct MarkdownPlace: OptionSet {
  let rawValue: Int
  /// It may be the first of its line, where a few characters begin a heading, a list, a rule, a check box or a link's definition.
  static let startsBlock = MarkdownPlace(rawValue: 1)
  /// Markdown may follow without a space.
  static let goesOn = MarkdownPlace(rawValue: 2)
  /// In the description of a picture or the text of a link, where brackets have to pair.
  static let hasBrackets = MarkdownPlace(rawValue: 4)
  /// In a cell of a table, where no block begins and nothing follows.
  static let isCell = MarkdownPlace(rawValue: 8)
}

/// The ends at which text loses its spaces.
struct MarkdownTrim: OptionSet {
  let rawValue: Int
  static let start = MarkdownTrim(rawValue: 1)
  static let end = MarkdownTrim(rawValue: 2)
}

/// Text as Markdown that shows it as it is: one line, no markup, no link, no HTML.
///
/// CommonMark 0.31 and GitHub's extensions. Only what would mean something is escaped, so that names and paths read well in
/// the source too.
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
    case "]" where next == nil: text += place.contains(.goesOn) ? "\\]" : "]"
    case "]": text += "([:".unicodeScalars.contains(next ?? " ") ? "\\]" : "]"
    // At the end of a heading it would be taken for its close.
    case "#" where next == nil && place.contains(.goesOn): text += "\\#"
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
