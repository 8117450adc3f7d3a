import Foundation
import Yams

/// A value in a YAML document that remembers its file, its key path and its line, so that every complaint can name them.
public struct YAMLValue {
  public let file: String
  /// Key path from the document's root, such as `memory[1].peak_gbps`; empty for the root.
  public let path: String
  /// 1-based line: of the key for a value in a mapping, of the value itself elsewhere.
  public let line: Int?
  private let node: Node

  /// Parses the document in `text`; `file` is only used in messages.
  public init(text: String, file: String) throws {
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
    for (key, value) in object.entries where !keys.contains(key) {
      let hint = nearestName(to: key, among: keys).map { "; did you mean '\($0)'?" } ?? ""
      throw InputError(
        file: file, line: value.line, key: value.path,
        "unknown key\(hint) (known: \(keys.joined(separator: ", ")))")
    }
    return object
  }

  /// The value as a mapping with any keys.
  public func object() throws -> YAMLObject {
    guard case .mapping(let mapping) = node else { throw error("expected a mapping of keys, found \(found)") }
    var entries: [(key: String, value: YAMLValue)] = []
    for (keyNode, valueNode) in mapping {
      guard let key = keyNode.string else { throw error("expected a plain key, found \(keyNode)") }
      let keyPath = path.isEmpty ? key : "\(path).\(key)"
      let value = YAMLValue(node: valueNode, path: keyPath, line: keyNode.mark?.line, file: file)
      if entries.contains(where: { $0.key == key }) { throw value.error("expected each key once, found it twice") }
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
  public var isNull: Bool { node.null != nil }

  // MARK: - Scalars

  public func string() throws -> String {
    guard case .scalar(let scalar) = node else { throw error("expected text, found \(found)") }
    return scalar.string
  }

  public func int(in range: ClosedRange<Int> = Int.min...Int.max) throws -> Int {
    guard case .scalar = node, let value = node.int else { throw error("expected a whole number, found \(found)") }
    guard range.contains(value) else { throw error("expected \(describe(range)), found \(value)") }
    return value
  }

  public func double(in range: ClosedRange<Double> = -Double.infinity...Double.infinity) throws -> Double {
    guard case .scalar = node, let value = node.float, !value.isNaN else {
      throw error("expected a number, found \(found)")
    }
    guard range.contains(value) else { throw error("expected \(describe(range)), found \(value)") }
    return value
  }

  public func bool() throws -> Bool {
    guard case .scalar = node, let value = node.bool else { throw error("expected true or false, found \(found)") }
    return value
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
    throw error("expected one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")), found '\(text)'")
  }

  private var found: String {
    switch node {
    case .scalar(let scalar): return scalar.string.isEmpty ? "nothing" : "'\(scalar.string)'"
    case .mapping: return "a mapping"
    case .sequence: return "a list"
    case .alias: return "an alias"
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

/// Reads a whole UTF-8 file, or says why it cannot.
public func readTextFile(_ path: String) throws -> String {
  guard let data = FileManager.default.contents(atPath: path) else {
    throw InputError(
      file: path, FileManager.default.fileExists(atPath: path) ? "expected a readable file" : "no such file")
  }
  guard let text = String(data: data, encoding: .utf8) else {
    throw InputError(file: path, "expected UTF-8 text")
  }
  return text
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
    default: return nil
    }
  }

  fileprivate var problemInOneLine: String {
    switch self {
    case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _): return problem
    default: return "\(self)".split(separator: "\n").first.map(String.init) ?? "unreadable"
    }
  }
}
