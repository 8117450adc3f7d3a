import Support
import Testing

@Suite struct PrintableTextTests {
  private func isPlain(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy {
      ![.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
    }
  }

  @Test(arguments: [
    ("\u{1b}]0;title\u{7}", "\\x1b]0;title\\x07"), ("a\nb\r\tc", "a\\nb\\r\\tc"), ("\u{202e}abc", "\\u202eabc"),
    ("\u{9b}31m", "\\x9b31m"), ("\u{7f}", "\\x7f"), ("\u{2028}", "\\u2028"), ("plain ü 中 😀", "plain ü 中 😀"),
  ])
  func `characters that control a terminal are written as escapes`(text: String, shown: String) {
    #expect(printable(text) == shown)
    #expect(printable(printable(text)) == shown)
  }

  @Test func `a long text keeps its beginning and its end`() {
    let text = "begin" + String(repeating: "x", count: 1_000_000) + "end"
    let shown = printable(text, atMost: 60)
    #expect(shown.unicodeScalars.count == 60)
    #expect(shown.hasPrefix("beginx") && shown.hasSuffix("xend") && shown.contains("…"))
  }

  @Test func `marks that pile up on one letter count each`() {
    #expect(quote("a" + String(repeating: "\u{301}", count: 10_000)).unicodeScalars.count == 62)
  }

  @Test func `an error keeps its file, line and key, and fits a line`() {
    let long = String(repeating: "n", count: 5000)
    let error = InputError(
      file: "/d/\(long)/e.yaml", line: 7, key: "sweeps[0].\(long)",
      "expected a, found '\(long)\u{1b}[31m'; end of the message")
    let text = "\(error)"
    #expect(text.unicodeScalars.count <= 280)
    #expect(text.contains("/d/") && text.contains("e.yaml:7: sweeps[0]") && text.contains("expected a, found"))
    #expect(text.hasSuffix("end of the message"))
    #expect(isPlain(text))
  }

  @Test func `a line break from a file makes no second line, but details do`() {
    let error = InputError(file: "a\nb", key: "c\nd", "e\nf:", details: ["  - g\nh", "  + i"])
    #expect("\(error)" == "a\\nb: c\\nd: e\\nf:\n  - g\\nh\n  + i")
    #expect(errorLines(error, prefix: "x: ") == "\(error)")
  }

  @Test func `another error is one line of at most 300 characters with its prefix`() {
    struct Other: Error, CustomStringConvertible { let description = "one\ntwo" + String(repeating: "z", count: 1000) }
    let text = errorLines(Other(), prefix: "lookahead: error: ")
    #expect(text.unicodeScalars.count == 300 - 18)
    #expect(text.hasPrefix("one\\ntwo"))
  }
}
