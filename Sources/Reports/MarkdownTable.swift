import Support

/// A table in Markdown: a missing cell is a dash, cells are text unless their column says otherwise, and columns are padded so
/// that the source reads as well as its rendering.
struct MarkdownTable {
  /// What the cells of a column hold.
  enum Column {
    /// Text, and numbers at the right.
    case left, right
    /// Text in code spans.
    case code
    /// Markdown, made of constants or by `markdownText` and `markdownCode`.
    case markup
  }

  private let header: [String]
  private let columns: [Column]
  private var rows: [[String]] = []

  /// Titles are Markdown.
  init(_ columns: [(String, Column)]) {
    header = columns.map { Self.inTable($0.0) }
    self.columns = columns.map(\.1)
  }

  mutating func append(_ cells: [String?]) {
    rows.append(zip(cells, columns).map { cell, column in cell.map { Self.cell($0, column) } ?? "–" })
  }

  var isEmpty: Bool { rows.isEmpty }

  var text: String {
    let widths = header.indices.map { column in ([header] + rows).map { displayWidth($0[column]) }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      "| "
        + cells.indices.map { cells[$0].padded(to: widths[$0], right: columns[$0] == .right) }.joined(separator: " | ")
        + " |\n"
    }
    let rule = zip(widths, columns).map { width, column in
      column == .right
        ? String(repeating: "-", count: max(2, width - 1)) + ":" : String(repeating: "-", count: max(3, width))
    }
    return line(header) + "| " + rule.joined(separator: " | ") + " |\n" + rows.map(line).joined()
  }

  private static func cell(_ text: String, _ column: Column) -> String {
    switch column {
    case .left, .right: return inTable(markdownCell(text))
    // A table ends its cells at bars before it looks for code, and cannot say that a backslash before one is text.
    case .code: return inTable(text.unicodeScalars.contains("|") ? markdownCell(text) : markdownCode(text))
    case .markup: return inTable(text)
    }
  }

  private static func inTable(_ markdown: String) -> String {
    singleLine(markdown).replacing(scalar: "|", with: "\\|")
  }
}
