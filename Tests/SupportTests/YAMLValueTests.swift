import Support
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
    #expect(
      message { _ = try root("b: 0\na: 1\na: 2\n").object() }
        == "f.yaml:2: expected a YAML document: expected each key once, found 'a' twice"
    )
  }

  @Test func `broken YAML names its line`() {
    #expect(message { _ = try root("a: 1\nb: [1, 2\nc: 3\n") }.hasPrefix("f.yaml:"))
  }

  @Test(arguments: [
    ("run #2", "run #2"), ("a: b", "a: b"), ("*x", "*x"), ("&x y", "&x y"), ("!!int 3", "!!int 3"), ("| x", "| x"),
    (" padded ", "padded"), ("\"run #2\"", "run #2"), ("'it''s # 1'", "it's # 1"), ("- a", "- a"), ("%x", "%x"),
  ])
  func `an argument is text as it stands, or YAML in quotes, and has no comments`(text: String, value: String) throws {
    #expect(try YAMLValue(argument: text, key: "name", option: "--set").string() == value)
  }

  @Test func `an argument in brackets is a list of YAML`() throws {
    let value = try YAMLValue(argument: "[1, 'a # b', {c: 2}]", key: "x", option: "--set")
    #expect(try value.list()[1].string() == "a # b")
    #expect(try value.list()[2].object()["c"]?.int() == 2)
  }

  @Test(arguments: ["[a] # b", "\"a\" b", "[a], [b]", "[a", "'a", "[a]\n", "[a #b]", "{a: 1} #"])
  func `an argument that would be read only in part is refused`(text: String) {
    #expect(
      message { _ = try YAMLValue(argument: text, key: "x", option: "--set") }
        .hasPrefix("--set:1: x: expected one value of YAML and no comment, found "))
  }

  @Test func `numbers of an argument are those of a file`() throws {
    #expect(try YAMLValue(argument: "12", key: "x", option: "--set").int() == 12)
    #expect(
      message { _ = try YAMLValue(argument: "010", key: "x", option: "--set").int() }.contains("expected a whole"))
    #expect(try YAMLValue(argument: "", key: "x", option: "--set").isNull)
  }

  @Test func `a document whose aliases multiply is refused before it is expanded`() {
    let levels = (1...9).map {
      "y\($0): &a\($0) [" + Array(repeating: "*a\($0 - 1)", count: 10).joined(separator: ",") + "]"
    }
    let bomb = "y0: &a0 [1]\n" + levels.joined(separator: "\n") + "\n? *a9\n: 1\n"
    #expect(message { _ = try root(bomb) } == "f.yaml: expected at most 32 aliases ('*name'), found 91")
    #expect(throws: Never.self) { try root("a: &x 1\nb: *x\nc: 2 * 3 * 4\n") }
  }

  @Test func `a document of deep nesting is refused, not followed`() {
    #expect(message { _ = try root("a: " + String(repeating: "[", count: 100_000)) }.hasPrefix("f.yaml:"))
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
  func `text that is not a size is refused`(text: String) {
    #expect(parseByteCount(text) == nil)
  }

  @Test func `sizes print in the largest unit`() {
    #expect(formatByteCount(49152) == "48KiB")
    #expect(formatByteCount(1_441_792) == "1.375MiB")
    #expect(formatByteCount(100) == "100B")
  }
}
