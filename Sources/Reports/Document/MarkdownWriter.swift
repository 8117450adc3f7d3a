import Support

/// Writes documents as Markdown (CommonMark 0.31 with GitHub's tables). This is the only place that knows Markdown,
/// and escapes all text.
struct MarkdownWriter {
  func text(_ document: ReportDocument) -> String {
    let title = "# " + inline(document.title, .startsBlock)
    let blocks = document.blocks.flatMap { chunks($0, depth: 1, document.warnings) }
    return ([title] + blocks).joined(separator: "\n\n") + "\n"
  }

  /// A table without a document around it, for a terminal.
  func text(_ tables: [ReportDocument.Table]) -> String { tables.map(table).joined(separator: "\n") }

  /// The text of a paragraph, possibly its beginning.
  func text(_ text: InlineText) -> String { inline(text, .startsBlock) }

  // MARK: - Blocks

  /// The parts of a block, which blank lines separate.
  private func chunks(_ block: ReportDocument.Block, depth: Int, _ warnings: [InlineText]) -> [String] {
    switch block {
    case .paragraph(let text): return [inline(text, .startsBlock)]
    case .note(let text): return ["> " + inline(text, .startsBlock)]
    case .warnings(let whenNone):
      guard warnings.isEmpty else { return ["Warnings:", list(warnings.map { ReportDocument.Item(text: $0) })] }
      return whenNone.map { [inline($0, .startsBlock)] } ?? []
    case .list(let items): return [list(items)]
    case .table(let table): return [String(self.table(table).dropLast())]
    case .figure(let plot): return ["![\(inline("\(plot.title)", .hasBrackets))](plots/\(plot.name).svg)"]
    case .code(let lines, let language): return [markdownBlock(lines, language)]
    case .section(let section):
      let heading = String(repeating: "#", count: depth + 1) + " " + inline(section.title, .startsBlock)
      return [heading] + section.blocks.flatMap { chunks($0, depth: depth + 1, warnings) }
    }
  }

  private func list(_ items: [ReportDocument.Item]) -> String {
    items.flatMap { item in
      ["- " + inline(item.text, .startsBlock)] + item.items.map { "  - " + inline($0, .startsBlock) }
    }.joined(separator: "\n")
  }

  // MARK: - Tables

  /// Columns are padded so that the source is as readable as its rendering. Ends in a line break.
  private func table(_ table: ReportDocument.Table) -> String {
    let header = table.columns.map { cell($0.title) }
    let rows = table.rows.map { $0.map { cell in cell.map { self.cell($0.text) } ?? "–" } }
    let widths = header.indices.map { column in ([header] + rows).map { displayWidth($0[column]) }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      let padded = cells.indices.map { column in
        cells[column].padded(to: widths[column], right: table.columns[column].alignment == .right)
      }
      return "| " + padded.joined(separator: " | ") + " |\n"
    }
    let rule = zip(widths, table.columns).map { width, column in
      column.alignment == .right
        ? String(repeating: "-", count: max(2, width - 1)) + ":" : String(repeating: "-", count: max(3, width))
    }
    return line(header) + "| " + rule.joined(separator: " | ") + " |\n" + rows.map(line).joined()
  }

  private func cell(_ text: InlineText) -> String {
    singleLine(inline(text, .isCell)).replacing(scalar: "|", with: "\\|")
  }

  // MARK: - Text

  private func inline(_ text: InlineText, _ place: MarkdownPlace) -> String {
    var line = ""
    for (index, piece) in text.pieces.enumerated() {
      // Spaces at the ends of a line would make it code, or a line break.
      var trimmed: MarkdownTrim = []
      if line.isEmpty { trimmed.insert(.start) }
      if index == text.pieces.count - 1 { trimmed.insert(.end) }
      let here = line.isEmpty ? place : place.subtracting(.startsBlock)
      switch piece {
      case .words(let words): line += markdownEscaped(words, here, trimmed)
      // In a cell, the cell ends with its text.
      case .text(let text):
        line += markdownEscaped(text, place.contains(.isCell) ? here : here.union(.continues), trimmed)
      // A table splits its cells at bars before it looks for code, where a backslash cannot be escaped.
      case .code(let text) where place.contains(.isCell) && text.unicodeScalars.contains("|"):
        line += markdownEscaped(text, here, trimmed)
      case .code(let text): line += markdownCode(text)
      case .strong(let text): line += "**" + inline(text, place.subtracting(.startsBlock)) + "**"
      case .link(let text, let target): line += "[" + inline(text, .hasBrackets) + "](\(target))"
      }
    }
    return place.contains(.startsBlock) ? withoutListNumber(line) : line
  }

  /// Escapes a number that ends one piece of text where the next one starts with a full stop, so that no list begins.
  private func withoutListNumber(_ line: String) -> String {
    let rest = line.drop { $0.isASCII && $0.isNumber }
    guard rest.count < line.count, let stop = rest.first, stop == "." || stop == ")" else { return line }
    guard rest.count == 1 || rest.dropFirst().first == " " else { return line }
    return String(line.prefix(line.count - rest.count)) + "\\" + rest
  }
}
