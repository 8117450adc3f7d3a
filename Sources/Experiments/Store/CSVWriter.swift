/// Comma-separated values as in RFC 4180, except that lines end in LF: one header row, '.' decimals, empty for missing.
public struct CSVWriter {
  public private(set) var text = ""

  public init(header: [String]) {
    append(header)
  }

  /// A nil cell is left empty.
  public mutating func append(_ cells: [String?]) {
    text += cells.map { $0.map(Self.quote) ?? "" }.joined(separator: ",") + "\n"
  }

  /// Quotes a cell that contains a comma, a quote or a line break; quotes inside it are doubled.
  static func quote(_ cell: String) -> String {
    let special: (Character) -> Bool = { $0 == "," || $0 == "\"" || $0.isNewline }
    guard cell.contains(where: special) else { return cell }
    return "\"" + cell.replacing("\"", with: "\"\"") + "\""
  }
}
