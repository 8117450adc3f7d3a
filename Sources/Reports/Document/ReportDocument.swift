/// A report before it is written in any format: a title and, below it, blocks.
struct ReportDocument: BlockContainer {
  var title: InlineText
  var blocks: [Block] = []
  /// Caveats that a reader must know. The block `warnings` gives their place.
  var warnings: [InlineText] = []

  init(_ title: InlineText) { self.title = title }

  indirect enum Block {
    case paragraph(InlineText)
    /// A paragraph set apart from the rest.
    case note(InlineText)
    /// The document's warnings as a list; where there are none, the text `whenNone`.
    case warnings(whenNone: InlineText?)
    case list([Item])
    case table(Table)
    case figure(Plot)
    case code(String, language: String)
    case section(Section)
  }

  struct Item {
    var text: InlineText
    /// The items of a list within the list.
    var items: [InlineText] = []
  }

  /// Blocks under a heading, including further sections.
  struct Section: BlockContainer {
    var title: InlineText
    var blocks: [Block] = []

    init(_ title: InlineText) { self.title = title }
  }
}

/// A container of blocks: a document, or one of its sections.
protocol BlockContainer {
  var blocks: [ReportDocument.Block] { get set }
}

extension BlockContainer {
  mutating func add(_ paragraph: InlineText) { blocks.append(.paragraph(paragraph)) }

  mutating func add(note: InlineText) { blocks.append(.note(note)) }

  /// Adds a list; adds nothing where it is empty.
  mutating func add(list items: [InlineText]) {
    if !items.isEmpty { blocks.append(.list(items.map { ReportDocument.Item(text: $0) })) }
  }

  mutating func add(_ table: ReportDocument.Table) { blocks.append(.table(table)) }

  mutating func add(_ plot: Plot?) {
    if let plot { blocks.append(.figure(plot)) }
  }

  mutating func add(code: String, language: String) { blocks.append(.code(code, language: language)) }

  mutating func add(_ section: ReportDocument.Section?) {
    if let section { blocks.append(.section(section)) }
  }

  /// All plots in their order in the document.
  var plots: [Plot] {
    blocks.flatMap { block -> [Plot] in
      switch block {
      case .figure(let plot): [plot]
      case .section(let section): section.plots
      default: []
      }
    }
  }

  /// Replaces each plot by the result of `body`, and removes those for which it returns nil.
  mutating func replacePlots(_ body: (Plot) -> Plot?) {
    blocks = blocks.compactMap { block in
      switch block {
      case .figure(let plot): return body(plot).map { .figure($0) }
      case .section(var section):
        section.replacePlots(body)
        return .section(section)
      default: return block
      }
    }
  }
}
