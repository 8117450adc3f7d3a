extension ReportDocument {
  /// A table: columns with a title, and rows of cells with their own text.
  struct Table {
    enum Alignment {
      /// Text.
      case left
      /// Numbers.
      case right
    }

    struct Column {
      var title: InlineText
      var alignment: Alignment
    }

    let columns: [Column]
    /// The rows; a missing cell is nil, never empty text.
    private(set) var rows: [[Cell?]] = []

    init(_ columns: [(InlineText, Alignment)]) {
      self.columns = columns.map { Column(title: $0.0, alignment: $0.1) }
    }

    /// Adds a row with one cell for each column.
    mutating func append(_ cells: [Cell?]) { rows.append(cells) }

    var isEmpty: Bool { rows.isEmpty }
  }

  /// A cell of a table: its text and, for a number, its value, so that a writer can sort by it.
  struct Cell: Equatable {
    var text: InlineText
    var value: Double?

    init(_ text: InlineText, value: Double? = nil) {
      self.text = text
      self.value = value
    }
  }
}

extension ReportDocument.Cell: ExpressibleByStringInterpolation {
  init(stringLiteral words: String) { self.init(InlineText(stringLiteral: words)) }

  init(stringInterpolation: InlineText.StringInterpolation) {
    self.init(InlineText(stringInterpolation: stringInterpolation))
  }
}

/// Each function returns nil for a missing value.
extension ReportDocument.Cell {
  static func text(_ text: String?) -> Self? { text.map { Self(InlineText([.text($0)])) } }

  static func code(_ text: String?) -> Self? { text.map { Self(InlineText([.code($0)])) } }

  static func strong(_ text: InlineText) -> Self? { Self(InlineText([.strong(text)])) }

  /// A number with the text that `text` gives it.
  static func number(_ value: Double?, _ text: (Double) -> String) -> Self? {
    value.map { Self(InlineText([.text(text($0))]), value: $0) }
  }

  static func count(_ count: Int?) -> Self? { number(count.map(Double.init)) { _ in count.map { "\($0)" } ?? "" } }

  /// `0.0123`, `12.3` or `1230`, with the unit behind it if there is one.
  static func significant(_ value: Double?, _ digits: Int = 3, unit: String? = nil) -> Self? {
    number(value) { Reports.significant($0, digits) + (unit.map { " \($0)" } ?? "") }
  }

  /// `285 k`, `1.24 M`.
  static func scaled(_ value: Double?) -> Self? { number(value) { Reports.scaled($0) } }

  /// `2.51x`.
  static func times(_ ratio: Double?) -> Self? { number(ratio) { Reports.times($0) } }

  /// `12.3 %`.
  static func percent(_ fraction: Double?, signed: Bool = false) -> Self? {
    number(fraction) { Reports.percent($0, signed: signed) }
  }

  /// `64 KiB`.
  static func bytes(_ count: Int?) -> Self? {
    number(count.map(Double.init)) { _ in count.map { Reports.bytes($0) } ?? "" }
  }

  /// `812.3 [810.1, 815.0]`.
  static func interval(_ median: Double?, _ low: Double?, _ high: Double?) -> Self? {
    number(median) { Reports.interval($0, low, high) }
  }

  /// `2.51 [2.40, 2.60]`: three digits each for the ends of a band and the expected value.
  static func band(_ expected: Double?, _ low: Double?, _ high: Double?) -> Self? {
    number(expected) { expected in
      guard let low, let high else { return Reports.significant(expected) }
      return "\(Reports.significant(expected)) [\(Reports.significant(low)), \(Reports.significant(high))]"
    }
  }
}
