import InputFiles
import Testing

@Suite struct YAMLValueTests {
  private func root(_ text: String) throws -> YAMLValue { try YAMLValue(text: text, file: "f.yaml") }

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "no error"
  }

  @Test func `an unknown key is named with its line and the nearest known key`() throws {
    let value = try root("name: a\nthraeds: 2\n")
    #expect(
      message { _ = try value.object(keys: ["name", "threads"]) }
        == "f.yaml:2: thraeds: unknown key; did you mean 'threads'? (known: name, threads)")
  }

  @Test func `a missing key is named with its path`() throws {
    let value = try root("outer:\n  a: 1\n")
    #expect(
      message { _ = try value.object().required("outer").object().required("b") }
        == "f.yaml:1: outer.b: expected this key, found none")
  }

  @Test func `a number of the wrong kind says what was expected`() throws {
    let object = try root("a: x\nb: 1.5\nc: 7\n").object()
    #expect(message { _ = try object.required("a").int() } == "f.yaml:1: a: expected a whole number, found 'x'")
    #expect(message { _ = try object.required("b").int() } == "f.yaml:2: b: expected a whole number, found '1.5'")
    #expect(message { _ = try object.required("c").int(in: 1...4) } == "f.yaml:3: c: expected 1 to 4, found 7")
    #expect(try object.required("b").double() == 1.5)
  }

  @Test func `a key given twice is an error`() throws {
    #expect(message { _ = try root("a: 1\na: 2\n").object() }.contains("f.yaml"))
  }

  @Test func `broken YAML names its line`() {
    #expect(message { _ = try root("a: 1\nb: [1, 2\nc: 3\n") }.hasPrefix("f.yaml:"))
  }

  @Test func `null is absent`() throws {
    let object = try root("a: null\nb: ~\nc:\nd: 0\n").object()
    #expect(object["a"] == nil && object["b"] == nil && object["c"] == nil)
    #expect(object["d"] != nil)
  }

  @Test(arguments: [("48KiB", 49152), ("1.375MiB", 1_441_792), ("512", 512), ("2GiB", 2_147_483_648)])
  func `sizes parse in binary units`(text: String, bytes: Int) {
    #expect(parseByteCount(text) == bytes)
  }

  @Test(arguments: ["48KX", "", "KiB", "-1KiB", "0.3B", "1e400"])
  func `text that is no size is refused`(text: String) {
    #expect(parseByteCount(text) == nil)
  }

  @Test func `sizes print in the largest unit`() {
    #expect(formatByteCount(49152) == "48KiB")
    #expect(formatByteCount(1_441_792) == "1.375MiB")
    #expect(formatByteCount(100) == "100B")
  }
}
