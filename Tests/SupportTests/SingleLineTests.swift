import Foundation
import Support
import TestSupport
import Testing

@Suite(.process) struct SingleLineTests {
  @Test(arguments: [
    ("plain", "plain"), ("a\nb", "a b"), ("a\r\n\t\nb", "a b"),
    ("a\u{2028}b\u{2029}c\u{85}d\u{0B}e\u{0C}f", "a b c d e f"),
    ("\u{1B}[31mred", "\u{FFFD}[31mred"), ("\u{202E}txt.exe", "\u{FFFD}txt.exe"), ("\u{9B}1m", "\u{FFFD}1m"),
    ("a\u{301}", "a\u{301}"), ("測試", "測試"), ("a\r\u{301}b", "a \u{301}b"),
  ])
  func `text from outside becomes one line of visible characters`(text: String, expected: String) {
    #expect(Array(singleLine(text).utf8) == Array(expected.utf8))
  }

  @Test func `text of several lines keeps its lines and tabs`() {
    #expect(visibleLines("a\r\nb\tc\rd\u{1B}e\u{2028}f") == "a\nb\tc\nd\u{FFFD}e\nf")
  }

  @Test func `a character with a combining mark behind it is replaced too`() {
    let text = "a'\u{301}b'c"
    #expect(Array(text.replacing(scalar: "'", with: "''").utf8) == Array("a''\u{301}b''c".utf8))
  }

  @Test(arguments: [
    ("abc", 3), ("測試", 4), ("ｗ", 2), ("한글", 4), ("\u{1112}\u{1161}\u{11AB}", 2), ("e\u{301}", 1), ("🙂", 2), ("🇩🇪", 2),
    ("a\u{200B}b", 2), ("–†‡", 3), ("", 0),
  ])
  func `columns are those of a terminal`(text: String, columns: Int) {
    #expect(displayWidth(text) == columns)
  }

  @Test func `text is cut and padded by columns, and characters stay whole`() {
    #expect("測試測試".prefix(columns: 5) == "測試")
    #expect("e\u{301}e\u{301}".prefix(columns: 1) == "e\u{301}")
    #expect("測".padded(to: 4) == "測  ")
    #expect("測".padded(to: 4, right: true) == "  測")
    #expect("long".padded(to: 2) == "long")
  }

  @Test(arguments: [
    "plain", "two words", "it's", "'\u{301}", "a\nb", "\u{1B}[1m\\'\"$(x)`y`", "", "é\t測", "\u{202E}x", "-n", "a*b?[c]",
  ])
  func `a shell reads a quoted word as the word, and it is one line`(word: String) throws {
    let quoted = shellQuoted(word)
    #expect(!quoted.unicodeScalars.contains { $0.isUnprintable })
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "printf %s \(quoted)"]
    process.environment = ["LC_ALL": "C"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(Array(data) == Array(word.utf8), "\(quoted)")
  }
}
