import Support
import Testing

@Suite struct StrictJSONTests {
  private func message(_ text: String) -> String {
    do { return "\(try JSONValue(parsing: text.utf8, file: "f"))" } catch { return "\(error)" }
  }

  @Test func `a document gives its values as they are spelled`() throws {
    let value = try JSONValue(
      parsing: "\r\n {\"a\": [1, -2.5e3, true, null], \"b\\u00e9\\ud83d\\ude00\": \"c\\n\"} \r\n".utf8, file: "f")
    #expect(value["a"] == .array([.number("1"), .number("-2.5e3"), .bool(true), .null]))
    #expect(value["bé😀"]?.text == "c\n")
    #expect(value["a"]?.elements?.map(\.int) == [1, nil, nil, nil])
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,}", "NaN", "[NaN]", "Infinity", "-", "01", "+1", ".5", "1.", "0x10", "'a'", "{a:1}",
    "tru",
    "\"a", "\"\\x\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "1 2", "{}{}", "\u{feff}{}",
    "[1 2]",
    "{\"a\" 1}", "\"\\u+123\"",
  ])
  func `text that is not JSON is refused`(text: String) {
    #expect(message(text).hasPrefix("f:1: expected "), "\(message(text))")
  }

  @Test func `a key given twice is refused with its line`() {
    #expect(message("{\"a\": 1,\n\"b\": 2,\n\"a\": 3}") == "f:3: a: expected each key once, found it named twice")
  }

  @Test(arguments: ["[", "{\"a\":"])
  func `a hundred thousand levels are refused, not followed`(opening: String) {
    #expect(message(String(repeating: opening, count: 100_000)).contains("expected at most 64 levels"))
  }
}
