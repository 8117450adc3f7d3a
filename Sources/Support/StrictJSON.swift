import Foundation

/// Reads the JSON document at `path` strictly (see `JSONValue`); nil where it is not of type `Value`.
public func readJSONFile<Value: Decodable>(_ type: Value.Type, at path: String) throws -> Value? {
  let text = try readRunFile(path)
  guard let value = try? JSONDecoder().decode(type, from: Data(text.utf8)) else { return nil }
  try JSONValue.check(text, file: path)
  return value
}

/// A value of a JSON document (RFC 8259), parsed strictly.
///
/// Foundation's decoders accept duplicate keys, and numbers as truth values; a file with such a fault would then mean
/// something else to this program than to its writer. Here a duplicate key, `NaN`, text after the value and nesting
/// deeper than any file of this program are errors that name the place.
public indirect enum JSONValue: Equatable, Sendable {
  case object([Member])
  case array([JSONValue])
  case string(String)
  /// A number as it is written.
  case number(String)
  case bool(Bool)
  case null

  public struct Member: Equatable, Sendable {
    public let key: String
    public let value: JSONValue
  }

  /// Deeper than any document of this program or of safetensors (3), and shallow enough not to exhaust the stack.
  static let deepest = 64

  /// Parses the document in `text`.
  ///
  /// - Throws: `InputError` at `line`, the document's first, or at the line inside the document where it has several.
  public init(parsing text: some Sequence<UInt8>, file: String, line: Int? = 1) throws {
    var reader = JSONReader(Array(text))
    do {
      self = try reader.document()
    } catch let fault as JSONFault {
      throw InputError(
        file: file, line: line.map { $0 + reader.lineBreaks(before: fault.offset) }, key: fault.key,
        fault.message)
    }
  }

  /// Throws `InputError` for text that is not strict JSON, before a lenient decoder reads it.
  public static func check(_ text: String, file: String, line: Int = 1) throws {
    _ = try JSONValue(parsing: text.utf8, file: file, line: line)
  }

  /// The members of an object; nil for other values.
  public var members: [Member]? { if case .object(let members) = self { members } else { nil } }
  public var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
  public var text: String? { if case .string(let text) = self { text } else { nil } }
  /// A whole number without fraction or exponent.
  public var int: Int? { if case .number(let digits) = self { Int(digits) } else { nil } }

  public subscript(key: String) -> JSONValue? { members?.first { $0.key == key }?.value }

  /// The value's description in a message.
  public var described: String {
    switch self {
    case .object: "an object"
    case .array: "a list"
    case .string(let text): quote(text)
    case .number(let digits): printable(digits, atMost: 40)
    case .bool(let value): "\(value)"
    case .null: "null"
    }
  }
}

private struct JSONFault: Error {
  var message: String
  var offset: Int
  var key: String?
}

/// Recursive descent over bytes.
private struct JSONReader {
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  func lineBreaks(before offset: Int) -> Int {
    bytes[..<min(offset, bytes.count)].reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
  }

  mutating func document() throws -> JSONValue {
    let value = try value()
    skipSpace()
    guard position == bytes.count else { throw fault("nothing behind the value") }
    return value
  }

  private mutating func value() throws -> JSONValue {
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"): return try nested { try $0.object() }
    case UInt8(ascii: "["): return try nested { try $0.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func nested(_ body: (inout JSONReader) throws -> JSONValue) throws -> JSONValue {
    depth += 1
    defer { depth -= 1 }
    guard depth <= JSONValue.deepest else { throw fault("at most \(JSONValue.deepest) levels") }
    position += 1
    return try body(&self)
  }

  private mutating func object() throws -> JSONValue {
    var members: [JSONValue.Member] = []
    var keys = Set<String>()
    skipSpace()
    if take("}") { return .object([]) }
    repeat {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw fault("a key in quotes") }
      let key = try string()
      guard keys.insert(key).inserted else {
        throw JSONFault(message: "expected each key once, found it named twice", offset: position, key: key)
      }
      skipSpace()
      guard take(":") else { throw fault("':'") }
      members.append(JSONValue.Member(key: key, value: try value()))
      skipSpace()
    } while take(",")
    guard take("}") else { throw fault("',' or '}'") }
    return .object(members)
  }

  private mutating func array() throws -> JSONValue {
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array([]) }
    repeat {
      elements.append(try value())
      skipSpace()
    } while take(",")
    guard take("]") else { throw fault("',' or ']'") }
    return .array(elements)
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
    guard bytes[position...].starts(with: "\(word)".utf8) else { throw fault("a value") }
    position += word.utf8CodeUnitCount
    return value
  }

  /// -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
  private mutating func number() throws -> String {
    let start = position
    _ = take("-")
    if !take("0") { guard digits() else { throw fault("a value") } }
    if take(".") { guard digits() else { throw fault("a digit") } }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      guard digits() else { throw fault("a digit") }
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() -> Bool {
    let start = position
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position > start
  }

  private mutating func string() throws -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let string = String(validating: text, as: UTF8.self) else { throw fault("UTF-8 text") }
        return string
      case UInt8(ascii: "\\"):
        position += 1
        text += try escape()
      case 0..<0x20: throw fault("no control character in text")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw fault("a closing quote")
  }

  private mutating func escape() throws -> [UInt8] {
    guard let byte = peek else { throw fault("an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "u"):
      var units = [try codeUnit()]
      // The first half of a pair in UTF-16: the second must follow.
      if (0xd800..<0xdc00).contains(units[0]) {
        guard take("\\"), take("u") else { throw fault("the second half of a surrogate pair") }
        units.append(try codeUnit())
      }
      guard let text = String(validating: units, as: UTF16.self) else { throw fault("a surrogate pair") }
      return Array(text.utf8)
    default: throw fault("an escape")
    }
  }

  private mutating func codeUnit() throws -> UInt16 {
    let end = position + 4
    guard end <= bytes.count, bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-"),
      let unit = UInt16(String(decoding: bytes[position..<end], as: UTF8.self), radix: 16)
    else { throw fault("four hexadecimal digits") }
    position = end
    return unit
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard let byte = peek, UInt32(byte) == character.value else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { position += 1 }
  }

  private func fault(_ expected: String) -> JSONFault {
    let rest = String(decoding: bytes[min(position, bytes.count)...].prefix(80), as: UTF8.self)
    let found = rest.isEmpty ? "the end" : "'\(printable(rest, atMost: 30))'"
    return JSONFault(message: "expected \(expected), found \(found)", offset: position)
  }
}
