import Foundation
import Yams

/// A value in a YAML document with its file, key path and line, so that every error can name them.
public struct YAMLValue {
  public let file: String
  /// Key path from the document's root, such as `memory[1].peak_gbps`; empty for the root.
  public let path: String
  /// 1-based line: of the key for a value in a mapping, of the value itself elsewhere.
  public let line: Int?
  private let node: Node

  /// Parses the document in `text`; `file` is only used in messages.
  public init(text: String, file: String) throws {
    try Self.checkAliases(text, file: file)
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw InputError(file: file, line: error.line, "expected a YAML document: \(error.problemInOneLine)")
    }
    guard let root else { throw InputError(file: file, "expected a YAML document, found an empty file") }
    self.init(node: root, path: "", line: root.mark?.line, file: file)
  }

  /// Reads and parses the document at `path`.
  public init(contentsOf path: String) throws {
    try self.init(text: readTextFile(path), file: path)
  }

  /// The value of `key=value`, given as one argument of the command line. `option` names it in messages.
  ///
  /// A value in brackets, braces or quotes is YAML. Any other is plain text: an argument has no comments, so the `#`
  /// of `run #2` is part of the value.
  public init(argument text: String, key: String, option: String) throws {
    let start = text.drop { $0 == " " }.first
    let node: Node
    if let start, "[{\"'".contains(start) {
      node = try Self.flowNode(text, key: key, option: option)
    } else {
      node = .scalar(Node.Scalar(text.trimmingCharacters(in: .whitespaces), .implicit, .plain))
    }
    self.init(node: node, path: key, line: 1, file: option)
  }

  /// Parses one value inside a list, followed by a mark. A comment or a second value would displace the mark.
  private static func flowNode(_ text: String, key: String, option: String) throws -> Node {
    let mark = "end-of-the-argument"
    let isOneLine = !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    let root = isOneLine ? try? Yams.compose(yaml: "[\(text), \(mark)]") : nil
    guard case .sequence(let sequence)? = root, sequence.count == 2, sequence[1].scalar?.string == mark else {
      throw InputError(
        file: option, line: 1, key: key, "expected one value of YAML and no comment, found \(quote(text))")
    }
    return sequence[0]
  }

  private init(node: Node, path: String, line: Int?, file: String) {
    self.node = node
    self.path = path
    self.line = line
    self.file = file
  }

  /// An error at this value.
  public func error(_ message: String) -> InputError {
    InputError(file: file, line: line, key: path.isEmpty ? nil : path, message)
  }

  // MARK: - Containers

  /// The value as a mapping in which only `keys` may occur; any other key is an error that names the nearest known one.
  public func object(keys: [String]) throws -> YAMLObject {
    let object = try object()
    if let problem = object.unknownKeys(known: keys).first { throw problem }
    return object
  }

  /// The value as a mapping with any keys.
  public func object() throws -> YAMLObject {
    guard case .mapping(let mapping) = node else { throw error("expected a mapping of keys, found \(found)") }
    var entries: [(key: String, value: YAMLValue)] = []
    var keys = Set<String>()
    for (keyNode, valueNode) in mapping {
      guard case .scalar(let scalar) = keyNode else {
        throw error("expected a plain key, found \(YAMLValue(node: keyNode, path: path, line: line, file: file).found)")
      }
      let key = scalar.string
      let keyPath = path.isEmpty ? key : "\(path).\(key)"
      let value = YAMLValue(node: valueNode, path: keyPath, line: keyNode.mark?.line, file: file)
      guard keys.insert(key).inserted else { throw value.error("expected each key once, found it twice") }
      entries.append((key, value))
    }
    return YAMLObject(owner: self, entries: entries)
  }

  /// The value as a list.
  public func list() throws -> [YAMLValue] {
    guard case .sequence(let sequence) = node else { throw error("expected a list, found \(found)") }
    return sequence.enumerated().map { YAMLValue(node: $1, path: "\(path)[\($0)]", line: $1.mark?.line, file: file) }
  }

  public var isList: Bool { if case .sequence = node { true } else { false } }
  public var isObject: Bool { if case .mapping = node { true } else { false } }
  /// Whether the value is absent or one of YAML's unquoted words for null.
  public var isNull: Bool {
    guard let text = plainText else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  // MARK: - Scalars

  public func string() throws -> String {
    guard case .scalar(let scalar) = node, ["", "!", Tag.Name.str.rawValue].contains(scalar.tag.description) else {
      throw error("expected text, found \(found)")
    }
    return scalar.string
  }

  /// A whole number as `Numerals` defines it: decimal without leading zeros, or hexadecimal after `0x`.
  public func int(in range: ClosedRange<Int> = Int.min...Int.max) throws -> Int {
    guard let text = plainText, let value = Numerals.whole(text) else {
      throw error("expected a whole number, found \(found)\(advice)")
    }
    guard range.contains(value) else { throw error("expected \(describe(range)), found \(value)") }
    return value
  }

  /// A finite decimal number as `Numerals` defines it.
  public func double(in range: ClosedRange<Double> = -Double.infinity...Double.infinity) throws -> Double {
    guard let text = plainText, let value = Numerals.number(text) else {
      throw error("expected a number, found \(found)\(advice)")
    }
    guard range.contains(value) else { throw error("expected \(describe(range)), found \(value)") }
    return value
  }

  /// `true` or `false`. YAML 1.1's `yes`, `no`, `on` and `off` are text in YAML 1.2 and are refused here.
  public func bool() throws -> Bool {
    switch plainText {
    case "true", "True", "TRUE": return true
    case "false", "False", "FALSE": return false
    default: throw error("expected true or false, found \(found)")
    }
  }

  /// A count of bytes: a whole number, or a number with a binary unit such as `48KiB`, `1.25MiB`, `64GiB`.
  public func byteCount() throws -> Int {
    guard case .scalar(let scalar) = node, let bytes = parseByteCount(scalar.string) else {
      throw error("expected a size such as 48KiB, 1.25MiB or 64GiB, found \(found)")
    }
    return bytes
  }

  /// One of an enumeration's raw values.
  public func choice<Choice>(_: Choice.Type = Choice.self) throws -> Choice
  where Choice: RawRepresentable<String> & CaseIterable {
    let text = try string()
    if let choice = Choice(rawValue: text) { return choice }
    throw error("expected one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")), found \(quote(text))")
  }

  private var found: String {
    switch node {
    case .scalar(let scalar) where !scalar.tag.description.isEmpty:
      return "\(quote(scalar.string)) with the tag \(quote(scalar.tag.description))"
    case .scalar(let scalar): return scalar.string.isEmpty ? "nothing" : quote(scalar.string)
    case .mapping: return "a mapping"
    case .sequence: return "a list"
    case .alias: return "an alias"
    }
  }

  /// The text of a scalar without quotes and without a tag. Only such a scalar can be a number, a truth value or
  /// null.
  private var plainText: String? {
    guard case .scalar(let scalar) = node, scalar.style == .plain, scalar.tag.description.isEmpty else { return nil }
    return scalar.string
  }

  private var advice: String {
    (plainText.flatMap(Numerals.advice)).map { "; \($0)" } ?? ""
  }

  /// Each alias of an alias multiplies the size of the document; more than this many are an attack rather than a
  /// description.
  private static let mostAliases = 32

  /// Throws `InputError` for a document whose aliases could expand beyond memory.
  private static func checkAliases(_ text: String, file: String) throws {
    var aliases = 0
    var previous = UInt8(ascii: "\n")
    var isInAlias = false
    for byte in text.utf8 {
      // An alias is a star at the start of a word, followed by a name; a star before a space is a multiplication.
      if isInAlias, !" \t\n\r'\"(".utf8.contains(byte) { aliases += 1 }
      isInAlias = byte == UInt8(ascii: "*") && " \t\n\r[{,:?-".utf8.contains(previous)
      previous = byte
    }
    guard aliases <= mostAliases else {
      throw InputError(file: file, "expected at most \(mostAliases) aliases ('*name'), found \(aliases)")
    }
  }
}

/// A mapping whose keys have been checked.
public struct YAMLObject {
  fileprivate let owner: YAMLValue
  public let entries: [(key: String, value: YAMLValue)]

  fileprivate init(owner: YAMLValue, entries: [(key: String, value: YAMLValue)]) {
    self.owner = owner
    self.entries = entries
  }

  /// An error for each key that is not in `keys`, which names the nearest known key.
  public func unknownKeys(known keys: [String]) -> [InputError] {
    entries.filter { !keys.contains($0.key) }.map { key, value in
      let hint = nearestName(to: key, among: keys).map { "; did you mean '\($0)'?" } ?? ""
      return InputError(
        file: value.file, line: value.line, key: value.path,
        "unknown key\(hint) (known: \(keys.joined(separator: ", ")))")
    }
  }

  /// The value of `key`, or nil where the key is absent or its value is null.
  public subscript(key: String) -> YAMLValue? {
    guard let value = entries.first(where: { $0.key == key })?.value, !value.isNull else { return nil }
    return value
  }

  public func required(_ key: String) throws -> YAMLValue {
    guard let value = self[key] else {
      throw InputError(
        file: owner.file, line: owner.line, key: owner.path.isEmpty ? key : "\(owner.path).\(key)",
        "expected this key, found none")
    }
    return value
  }
}

private func describe<Bound>(_ range: ClosedRange<Bound>) -> String {
  let low = "\(range.lowerBound)"
  let high = "\(range.upperBound)"
  let unbounded = ["inf", "-inf", "\(Int.max)", "\(Int.min)"]
  switch (unbounded.contains(low), unbounded.contains(high)) {
  case (false, true): return "at least \(low)"
  case (true, false): return "at most \(high)"
  default: return "\(low) to \(high)"
  }
}

extension YamlError {
  fileprivate var line: Int? {
    switch self {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): return mark.line
    case .duplicatedKeysInMapping(_, let context): return context.mark.line
    case .reader(_, let offset?, _, let yaml): return 1 + yaml.prefix(offset).count { $0.isNewline }
    default: return nil
    }
  }

  fileprivate var problemInOneLine: String {
    switch self {
    case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _): return problem
    case .reader(let problem, _, let value, _): return "\(problem) (character \(value))"
    case .duplicatedKeysInMapping(let keys, _):
      return "expected each key once, found \(keys.prefix(3).map { quote($0) }.joined(separator: ", ")) twice"
    default: return "\(self)".split(separator: "\n").first.map(String.init) ?? "unreadable"
    }
  }
}
