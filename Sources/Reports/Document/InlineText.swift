/// Text within a line: the tool's own words and, between them, text from outside, code, emphasis and links.
///
/// It holds no markup of any format. A writer escapes all of it, so that a name from a file never becomes markup. A
/// string literal is the tool's own words, and an interpolated value is text from outside unless its label says
/// otherwise:
///
///     let text: InlineText = "Run \(code: manifest.runID) on \(host): \(strong: "stopped")."
struct InlineText: Equatable {
  enum Piece: Equatable {
    /// The tool's own words.
    case words(String)
    /// Text from a file, a host or a user, and numbers.
    case text(String)
    /// A name or a command as a user types it.
    case code(String)
    case strong(InlineText)
    case link(InlineText, target: String)
  }

  private(set) var pieces: [Piece] = []

  init() {}

  init(_ pieces: [Piece]) { self.pieces = pieces }

  var isEmpty: Bool { pieces.isEmpty }

  /// The text without any format, for a terminal.
  var plain: String {
    pieces.map { piece in
      switch piece {
      case .words(let text), .text(let text), .code(let text): text
      case .strong(let text), .link(let text, _): text.plain
      }
    }.joined()
  }

  static func + (one: InlineText, other: InlineText) -> InlineText { InlineText(one.pieces + other.pieces) }

  static func += (one: inout InlineText, other: InlineText) { one.pieces += other.pieces }
}

extension InlineText: ExpressibleByStringInterpolation {
  init(stringLiteral words: String) { pieces = words.isEmpty ? [] : [.words(words)] }

  init(stringInterpolation: StringInterpolation) { pieces = stringInterpolation.pieces }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var pieces: [Piece] = []

    init(literalCapacity: Int, interpolationCount: Int) { pieces.reserveCapacity(2 * interpolationCount + 1) }

    mutating func appendLiteral(_ words: String) {
      if !words.isEmpty { pieces.append(.words(words)) }
    }

    mutating func appendInterpolation(_ text: String) { pieces.append(.text(text)) }
    mutating func appendInterpolation(_ count: some BinaryInteger) { pieces.append(.text("\(count)")) }
    mutating func appendInterpolation(_ text: InlineText) { pieces += text.pieces }
    mutating func appendInterpolation(code: String) { pieces.append(.code(code)) }
    mutating func appendInterpolation(strong: InlineText) { pieces.append(.strong(strong)) }
    /// A link to a file of the report's directory, under its name.
    mutating func appendInterpolation(file: String) {
      pieces.append(.link(InlineText([.text(file)]), target: file))
    }
  }
}

extension Sequence<InlineText> {
  func joined(separator: InlineText = "") -> InlineText {
    var joined = InlineText()
    for (index, text) in enumerated() {
      if index > 0 { joined += separator }
      joined += text
    }
    return joined
  }
}
