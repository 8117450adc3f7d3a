/// The rule for a name in a file or an option. Names become titles, labels and parts of file names.
public enum NameRule: Sendable {
  /// A sweep, a variant or a machine: one line of text.
  case title
  /// An experiment, whose name is also that of a directory: not a path.
  case fileName

  /// The longest name in bytes of UTF-8. A file system allows 255, and file names add to a name.
  public static let longest = 100

  /// What is wrong with `name`, worded for an error; nil where it follows the rule.
  public func problem(with name: String) -> String? {
    let scalars = name.unicodeScalars
    let isLine = !scalars.contains(where: \.isUnprintable) && scalars.first != " " && scalars.last != " "
    let isFileName = !scalars.contains("/") && scalars.first != "." && scalars.first != "-"
    if !name.isEmpty, name.utf8.count <= Self.longest, isLine, self == .title || isFileName { return nil }
    let found = name.utf8.count > Self.longest ? "\(name.utf8.count) bytes" : "'\(singleLine(name))'"
    return "expected \(expectation), found \(found)"
  }

  private var expectation: String {
    let line = "a name of 1 to \(Self.longest) bytes without control characters or spaces at its ends"
    return self == .title ? line : line + ", with no '/' and no '.' or '-' at its start"
  }
}

extension YAMLValue {
  /// The value as a name. Throws `InputError` where it breaks the rule.
  public func name(_ rule: NameRule = .title) throws -> String {
    let name = try string()
    if let problem = rule.problem(with: name) { throw error(problem) }
    return name
  }
}
