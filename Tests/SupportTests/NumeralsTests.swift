import Support
import Testing

@Suite struct NumeralsTests {
  private func value(_ text: String) throws -> YAMLValue {
    try YAMLValue(text: "a: \(text)\n", file: "f.yaml").object().required("a")
  }

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "no error"
  }

  @Test(arguments: [("0", 0), ("10", 10), ("-3", -3), ("+5", 5), ("0x1F", 31), ("9223372036854775807", Int.max)])
  func `whole numbers are those that all versions of YAML read as the same number`(text: String, number: Int) throws {
    #expect(try value(text).int() == number)
    #expect(parseWholeNumber(text) == number)
  }

  @Test(arguments: [
    "010", "-010", "00", "0o17", "0b11", "1_000", "1:30", "0x", "0x1_0", "1e3", "1.0", ".inf", ".nan", "١٢",
    "9223372036854775808", "\"8\"", "!!float 3", "!!str 3", "yes",
  ])
  func `text that some version reads as another whole number is refused with its line`(text: String) {
    #expect(message { _ = try value(text).int() }.hasPrefix("f.yaml:1: a: expected a whole number, found "))
  }

  @Test(arguments: [
    ("0", 0.0), ("1.5", 1.5), ("-0.25", -0.25), (".5", 0.5), ("5.", 5), ("1e3", 1000), ("2.5E-3", 0.0025), ("0.0", 0),
  ])
  func `decimal numbers are read with and without fraction and exponent`(text: String, number: Double) throws {
    #expect(try value(text).double() == number)
  }

  @Test(arguments: [
    "010.5", "1_0.5", "1:30.5", ".inf", "-.inf", ".nan", "nan", "inf", "0x1p3", "1e309", "1e-400", ".", "1.2.3", "1e",
    "٣.٥",
    "'1.5'",
  ])
  func `a number that is not finite, or another in another version, is refused`(text: String) {
    #expect(message { _ = try value(text).double() }.hasPrefix("f.yaml:1: a: expected a number, found "))
  }

  @Test func `only true and false are truth values`() throws {
    #expect(try value("true").bool() && value("TRUE").bool())
    #expect(try !value("False").bool())
    for text in ["yes", "no", "on", "off", "y", "1", "\"true\"", "!!str true"] {
      #expect(
        message { _ = try value(text).bool() }.hasPrefix("f.yaml:1: a: expected true or false, found "), "\(text)")
    }
  }

  @Test(arguments: [
    "010", "010KiB", "0x10", "1e30GiB", "1e3", "+5", "١٢", "1_0KiB", "1:30", ".5KiB", "5.KiB", "inf", "9000000TiB",
  ])
  func `a size in another spelling is refused`(text: String) {
    #expect(parseByteCount(text) == nil)
  }

  @Test func `a size beyond the precision of a double keeps its last byte`() {
    #expect(parseByteCount("9007199254740993") == 9_007_199_254_740_993)
  }

  @Test func `null in quotes is text`() throws {
    let object = try YAMLValue(text: "a: \"null\"\nb: ''\nc: null\n", file: "f").object()
    #expect(object["a"] != nil && object["b"] != nil && object["c"] == nil)
  }
}
