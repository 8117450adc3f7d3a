import Testing

@testable import RunStore

@Suite struct CSVWriterTests {
  /// A reader that works on bytes, as other tools' readers do: RFC 4180, then one leading apostrophe of a cell is
  /// dropped.
  private func read(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    let bytes = Array(text.utf8)
    var index = 0
    func end() {
      let text = String(decoding: cell, as: UTF8.self)
      row.append(cell.first == UInt8(ascii: "'") ? String(text.unicodeScalars.dropFirst()) : text)
      cell = []
    }
    while index < bytes.count {
      let byte = bytes[index]
      let next = index + 1 < bytes.count ? bytes[index + 1] : 0
      switch byte {
      case UInt8(ascii: "\"") where isQuoted && next == byte:
        cell.append(byte)
        index += 1
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: ",") where !isQuoted: end()
      case UInt8(ascii: "\n") where !isQuoted:
        end()
        rows.append(row)
        row = []
      default: cell.append(byte)
      }
      index += 1
    }
    return rows
  }

  @Test(arguments: [
    "plain", "a,b", "a,\u{301}b", "a\r\nb", "a\rb", "\"", "\"\u{301}", "=1+1", "+cmd|' /C calc'!A0", "-1+2", "@SUM(A1)",
    "\tx",
    "\rx", "'x", "'", "=,\u{301}", "=\u{301}1", "測試", "",
  ])
  func `any text comes back from a cell`(text: String) throws {
    var writer = CSVWriter(header: ["a", "b", "c"])
    writer.append(["1", text, nil])
    let rows = read(writer.text)
    #expect(rows.count == 2)
    #expect(rows[1].count == 3)
    #expect(Array(rows[1][1].utf8) == Array(text.utf8), "\(writer.text)")
  }

  @Test(arguments: ["=1+1", "+cmd", "-x", "@SUM(A1)", "\tx", "\rx", "-1+1", "=\u{301}1", "-"])
  func `text that a spreadsheet would calculate begins with an apostrophe`(text: String) {
    #expect(CSVWriter.cell(text).unicodeScalars.first { $0 != "\"" } == "'")
  }

  @Test(arguments: ["-1", "-1.5e-06", "+2", "-inf", "0", "1,2"])
  func `numbers stay numbers`(text: String) {
    #expect(!CSVWriter.cell(text).contains("'"))
  }
}
