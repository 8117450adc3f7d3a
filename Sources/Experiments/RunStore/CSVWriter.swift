import Support

/// Comma-separated values as in RFC 4180, except that lines end in LF: one header row, '.' decimals, empty for missing.
///
/// A cell of text that a spreadsheet would take for a formula gets an apostrophe in front (see `cell`).
public struct CSVWriter {
  public private(set) var text = ""

  public init(header: [String]) {
    append(header)
  }

  /// A nil cell is left empty.
  public mutating func append(_ cells: [String?]) {
    text += cells.map { $0.map(Self.cell) ?? "" }.joined(separator: ",") + "\n"
  }

  /// A cell as it is written to the file. Text that begins with `=`, `+`, `-`, `@`, a tab, a carriage return or an
  /// apostrophe gets an apostrophe in front; a reader that drops one leading apostrophe restores the text. Numbers
  /// stay as they are.
  static func cell(_ text: String) -> String { quote(guarded(text)) }

  private static func guarded(_ text: String) -> String {
    guard let first = text.utf8.first, isGuarded(first), Double(text) == nil else { return text }
    return "'" + text
  }

  private static func isGuarded(_ byte: UInt8) -> Bool { "=+-@\t\r'".utf8.contains(byte) }

  /// Quotes a cell that contains a comma, a quote or a line break; quotes inside it are doubled. It looks at bytes,
  /// as CSV readers do: a comma with a combining mark behind it is one `Character`, and so are CR and LF.
  static func quote(_ cell: String) -> String {
    guard cell.utf8.contains(where: { ",\"\n\r".utf8.contains($0) }) else { return cell }
    var quoted: [UInt8] = [UInt8(ascii: "\"")]
    for byte in cell.utf8 {
      if byte == UInt8(ascii: "\"") { quoted.append(byte) }
      quoted.append(byte)
    }
    quoted.append(UInt8(ascii: "\""))
    return String(decoding: quoted, as: UTF8.self)
  }
}
