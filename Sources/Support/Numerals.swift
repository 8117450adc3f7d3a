/// Numbers as every file and option of this program writes them: the decimal numbers of YAML's 1.2 core schema, which
/// all versions of YAML read as the same number.
///
/// Spellings that some version of YAML reads as another number are refused: leading zeros (`010`, octal in YAML 1.1),
/// `0o17`, `0b11`, `1_000`, `1:30` (base 60), `.inf`, `.nan`, and digits of other scripts.
enum Numerals {
  /// An optional sign, then decimal digits without leading zeros, or `0x` and hexadecimal digits.
  static func whole(_ text: String) -> Int? {
    var digits = Array(text.utf8)[...]
    var sign = ""
    if let first = digits.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      sign = first == UInt8(ascii: "-") ? "-" : ""
      digits = digits.dropFirst()
    }
    if digits.starts(with: "0x".utf8) {
      let hexadecimal = digits.dropFirst(2)
      guard !hexadecimal.isEmpty, hexadecimal.allSatisfy(isHexadecimal) else { return nil }
      return Int(sign + String(decoding: hexadecimal, as: UTF8.self), radix: 16)
    }
    guard isPlainWhole(digits) else { return nil }
    return Int(sign + String(decoding: digits, as: UTF8.self))
  }

  /// A finite number: an optional sign, digits without leading zeros, an optional fraction and an optional exponent
  /// of ten. Nil also where a double cannot hold it: beyond its range, or so small that it would become 0.
  static func number(_ text: String) -> Double? {
    var rest = Array(text.utf8)[...]
    if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    let mantissa = rest.prefix { isDigit($0) || $0 == UInt8(ascii: ".") }
    let parts = mantissa.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.contains(where: { !$0.isEmpty }) else { return nil }
    guard parts[0].isEmpty || isPlainWhole(parts[0]) else { return nil }
    var exponent = rest.dropFirst(mantissa.count)
    if !exponent.isEmpty {
      guard exponent.removeFirst() | 0x20 == UInt8(ascii: "e") else { return nil }
      if let first = exponent.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { exponent.removeFirst() }
      guard !exponent.isEmpty, exponent.allSatisfy(isDigit) else { return nil }
    }
    guard let value = Double(text), value.isFinite else { return nil }
    let isZero = mantissa.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") }
    return value != 0 || isZero ? value : nil
  }

  /// Advice for a text that looks like a number and is none; nil for other text.
  static func advice(_ text: String) -> String? {
    guard let first = text.first(where: { $0 != "-" && $0 != "+" }), first.isNumber || first == "." else { return nil }
    if number(text) == nil, whole(text) == nil {
      return "write a plain decimal number, without leading zeros, '_' or ':'"
    }
    return nil
  }

  private static func isPlainWhole(_ digits: ArraySlice<UInt8>) -> Bool {
    guard let first = digits.first, digits.allSatisfy(isDigit) else { return false }
    return digits.count == 1 || first != UInt8(ascii: "0")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
  }
}

/// Parses a finite decimal number such as `3`, `-0.5` or `1e9`; nil for anything else, see `Numerals`.
public func parseNumber(_ text: String) -> Double? { Numerals.number(text) }

/// Parses a whole number such as `12`, `-3` or `0x1f`; nil for anything else, see `Numerals`.
public func parseWholeNumber(_ text: String) -> Int? { Numerals.whole(text) }
