/// A table in Markdown: a missing cell is a dash, pipes inside cells are escaped, columns are padded so that the source
/// reads as well as its rendering.
struct MarkdownTable {
  enum Alignment { case left, right }

  private let header: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// Text columns to the left, number columns to the right.
  init(_ columns: [(String, Alignment)]) {
    header = columns.map(\.0)
    alignments = columns.map(\.1)
  }

  mutating func append(_ cells: [String?]) {
    rows.append(cells.map { ($0 ?? "–").replacing("|", with: "\\|").replacing("\n", with: " ") })
  }

  var isEmpty: Bool { rows.isEmpty }

  var text: String {
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      "| "
        + cells.indices.map { column in
          let padding = String(repeating: " ", count: widths[column] - cells[column].count)
          return alignments[column] == .left ? cells[column] + padding : padding + cells[column]
        }.joined(separator: " | ") + " |\n"
    }
    let rule = zip(widths, alignments).map { width, alignment in
      alignment == .left
        ? String(repeating: "-", count: max(3, width)) : String(repeating: "-", count: max(2, width - 1)) + ":"
    }
    return line(header) + "| " + rule.joined(separator: " | ") + " |\n" + rows.map(line).joined()
  }
}
