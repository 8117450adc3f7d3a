import Support

/// An arithmetic expression over counters: numbers, `+ - * /`, parentheses, event names in single quotes and words.
/// The words are `seconds` (the region's time), `threads`, and `instructions` and `cycles` of all threads. The last
/// two are counted in a pass of their own, because few CPUs have a counter left for them beside a group of five or
/// six events.
///
///     'perf::INSTRUCTIONS' / 'perf::CYCLES'
public struct Formula: Equatable, Sendable {
  public let text: String
  /// The events that the formula needs, in order of appearance.
  public let events: [String]
  /// The words that the formula needs.
  public let words: [Word]
  private let root: Node

  /// The longest formula in bytes: a sum over all events of a PMU has some hundred terms. The number of operations is
  /// bounded because each nests the evaluated tree by one more level, and the stack is bounded.
  private static let longest = 1 << 14
  private static let mostOperations = 500

  private indirect enum Node: Equatable, Sendable {
    case number(Double)
    case event(String)
    case word(Word)
    case operation(Character, Node, Node)
  }

  public enum Word: String, CaseIterable, Codable, Sendable {
    case seconds, threads, instructions, cycles
  }

  /// Parses `text`. Throws `InputError` that says what was expected where.
  public init(_ text: String) throws {
    guard text.utf8.count <= Self.longest else {
      throw InputError("expected a formula of at most \(Self.longest) bytes, found \(text.utf8.count)")
    }
    var parser = Parser(text)
    self.root = try parser.parse()
    self.text = text
    self.events = parser.events
    self.words = parser.words
  }

  /// The formula's value. Nil where a counter or a word has no value or is suspect, and where an operation has no
  /// finite result, such as a division by zero.
  public func value(of readings: [CounterReading], words: [Word: Double] = [:]) -> Double? {
    var values: [String: Double] = [:]
    for reading in readings where reading.quality != .suspect { values[reading.event] = reading.value }
    return evaluate(root, values, words)
  }

  private func evaluate(_ node: Node, _ events: [String: Double], _ words: [Word: Double]) -> Double? {
    switch node {
    case .number(let value): return value
    case .event(let name): return events[name]
    case .word(let name): return words[name]
    case .operation(let symbol, let left, let right):
      guard let a = evaluate(left, events, words), let b = evaluate(right, events, words) else { return nil }
      let value: Double
      switch symbol {
      case "+": value = a + b
      case "-": value = a - b
      case "*": value = a * b
      default: value = a / b
      }
      return value.isFinite ? value : nil
    }
  }

  /// Recursive descent: sum := product (('+'|'-') product)*, product := factor (('*'|'/') factor)*.
  private struct Parser {
    private let characters: [Character]
    private var position = 0
    private var depth = 0
    private var operations = 0
    private(set) var events: [String] = []
    private(set) var words: [Word] = []

    init(_ text: String) {
      characters = Array(text)
    }

    mutating func parse() throws -> Node {
      let node = try sum()
      guard next == nil else { throw expected("an operator or the end") }
      return node
    }

    private mutating func sum() throws -> Node {
      var node = try product()
      while let symbol = next, symbol == "+" || symbol == "-" {
        try addOperation()
        node = .operation(symbol, node, try product())
      }
      return node
    }

    private mutating func product() throws -> Node {
      var node = try factor()
      while let symbol = next, symbol == "*" || symbol == "/" {
        try addOperation()
        node = .operation(symbol, node, try factor())
      }
      return node
    }

    private mutating func addOperation() throws {
      position += 1
      operations += 1
      guard operations <= Formula.mostOperations else { throw expected("at most \(Formula.mostOperations) operations") }
    }

    private mutating func factor() throws -> Node {
      guard let first = next else { throw expected("a number, an event in quotes or '('") }
      switch first {
      case "(":
        position += 1
        depth += 1
        // Deeper than any sensible formula: a file of parentheses must not exhaust the stack.
        guard depth <= 64 else { throw expected("at most 64 nested parentheses") }
        let node = try sum()
        guard next == ")" else { throw expected("')'") }
        position += 1
        depth -= 1
        return node
      case "'":
        position += 1
        let name = take { $0 != "'" }
        guard next == "'", !name.isEmpty else { throw expected("an event's name and a closing quote") }
        position += 1
        if !events.contains(name) { events.append(name) }
        return .event(name)
      case _ where first.isNumber:
        let digits = take { $0.isNumber || $0 == "." || $0 == "e" }
        guard let value = parseNumber(digits) else { throw expected("a number") }
        return .number(value)
      default:
        let name = take { $0.isLetter }
        guard let word = Word(rawValue: name) else {
          let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
          throw expected("a number, an event in quotes, '(' or one of \(known)")
        }
        if !words.contains(word) { words.append(word) }
        return .word(word)
      }
    }

    /// The next character that is not whitespace, without consuming it.
    private var next: Character? {
      mutating get {
        while position < characters.count, characters[position].isWhitespace { position += 1 }
        return position < characters.count ? characters[position] : nil
      }
    }

    private mutating func take(while accepts: (Character) -> Bool) -> String {
      let start = position
      while position < characters.count, accepts(characters[position]) { position += 1 }
      return String(characters[start..<position])
    }

    private func expected(_ what: String) -> InputError {
      let rest = String(characters[min(position, characters.count)...])
      return InputError("expected \(what), found \(rest.isEmpty ? "the end of the formula" : quote(rest))")
    }
  }
}

extension Formula: Codable {
  public init(from decoder: Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
