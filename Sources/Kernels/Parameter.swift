import Support

/// The value of a parameter, as an experiment file gives it.
public enum ParameterValue: Hashable, Sendable {
  case int(Int)
  case text(String)

  public var text: String {
    switch self {
    case .int(let number): return "\(number)"
    case .text(let text): return text
    }
  }

  public var int: Int? { if case .int(let number) = self { number } else { nil } }
}

extension ParameterValue: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int.self) {
      self = .int(number)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .int(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    }
  }
}

/// A property of a point that can be set or swept. Parser, JSON Schema, messages, result columns and the table of
/// docs/reference/formats.md are derived from this one description.
///
/// Two parameters with the same name are the same parameter, so that networks may share one.
public struct Parameter: Sendable {
  /// The key in experiment files.
  public let name: String
  public let domain: ParameterDomain
  public let standard: ParameterDefault
  /// The meaning in one line, for editors and for lists of parameters.
  public let meaning: String

  public init(_ name: String, _ domain: ParameterDomain, default standard: ParameterDefault, _ meaning: String) {
    self.name = name
    self.domain = domain
    self.standard = standard
    self.meaning = meaning
  }
}

extension Parameter: Hashable {
  public static func == (a: Parameter, b: Parameter) -> Bool { a.name == b.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// The value of a parameter that an experiment does not set.
public enum ParameterDefault: Sendable {
  case value(ParameterValue)
  /// Derived from other parameters or from the machine, as the text describes; empty for a parameter that may stay
  /// unset.
  case follows(String)
  /// An experiment must give it.
  case required

  public var value: ParameterValue? { if case .value(let value) = self { value } else { nil } }
}

/// The values that a parameter may have.
public enum ParameterDomain: Sendable {
  /// A whole number.
  case number(ClosedRange<Int>)
  /// A whole number of things, or a word for such a number.
  case count(of: String, orWord: String)
  /// A power of two, at least `from`.
  case powerOfTwo(from: Int)
  case names([String])
  case form(TextForm)
  /// Any text, such as a path.
  case text
  /// A name that follows `NameRule.title`.
  case name
}

/// Text with its own grammar, such as `zipf(1.2)`.
public struct TextForm: Sendable {
  /// A description of the admitted texts, for messages and documents.
  public let vocabulary: String
  /// A regular expression of ECMA 262 that accepts at least all admitted texts; nil where a plain number is admitted
  /// too.
  public let pattern: String?
  /// The canonical spelling of an admitted text; nil for any other.
  public let spelling: @Sendable (String) -> String?

  public init(_ vocabulary: String, pattern: String?, spelling: @escaping @Sendable (String) -> String?) {
    self.vocabulary = vocabulary
    self.pattern = pattern
    self.spelling = spelling
  }
}

extension ParameterDomain {
  /// The largest number a shape or count may have. Products of several of them are `CheckedSize`s.
  public static let largest = 1 << 31

  /// A count of at least 1.
  public static let anyCount = ParameterDomain.number(1...largest)

  /// The raw values of an enumeration, behind those of `words`.
  public static func names<Choice>(of _: Choice.Type, behind words: [String] = []) -> ParameterDomain
  where Choice: CaseIterable & RawRepresentable<String> {
    .names(words + Choice.allCases.map(\.rawValue))
  }

  public var isNumeric: Bool {
    switch self {
    case .number, .count, .powerOfTwo: return true
    default: return false
    }
  }

  /// Whether the parameter may have this number; false for a parameter that is not a number.
  public func accepts(_ number: Int) -> Bool {
    switch self {
    case .number(let range): return range.contains(number)
    case .count: return (1...Self.largest).contains(number)
    case .powerOfTwo(let least): return (least...Self.largest).contains(number) && number.nonzeroBitCount == 1
    default: return false
    }
  }

  /// The admitted values, for messages: the text follows "expected".
  public var expectation: String {
    switch self {
    case .count(let things, let word): return "a number of \(things) of at least 1, or \(word)"
    case .number(let range):
      return range.lowerBound == 0
        ? "a whole number of at least 0" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .powerOfTwo(let least): return "a power of two" + (least > 1 ? " of at least \(least)" : "")
    case .names(let names): return "one of \(names.joined(separator: ", "))"
    case .form(let form): return form.vocabulary
    case .text: return "text"
    case .name: return "a name"
    }
  }
}

extension [Parameter: ParameterValue] {
  public func text(_ parameter: Parameter) -> String? {
    if case .text(let text)? = self[parameter] { text } else { nil }
  }

  public func int(_ parameter: Parameter) -> Int? { self[parameter]?.int }

  /// A required number. Throws `ParameterError` where it is missing.
  public func number(_ parameter: Parameter) throws -> Int {
    guard let number = int(parameter) else { throw ParameterError(parameter, "expected a whole number") }
    return number
  }

  /// A required name of an enumeration. Throws `ParameterError` where it is missing.
  public func choice<Choice: RawRepresentable<String>>(
    _ parameter: Parameter, _: Choice.Type = Choice.self
  ) throws -> Choice {
    guard let choice = text(parameter).flatMap(Choice.init) else {
      throw ParameterError(parameter, "expected one of its names")
    }
    return choice
  }
}

/// Parameters that contradict each other: the one to change, and what was expected and found.
public struct ParameterError: Error {
  public let parameter: Parameter
  public let message: String

  public init(_ parameter: Parameter, _ message: String) {
    self.parameter = parameter
    self.message = message
  }
}

extension ParameterValue {
  static func name<Choice: RawRepresentable<String>>(_ choice: Choice) -> ParameterValue { .text(choice.rawValue) }
}
