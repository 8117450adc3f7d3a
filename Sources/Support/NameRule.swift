/// What a name may hold that a file or an option gives. Names become titles, labels and parts of file names.
public enum NameRule: Sendable {
  /// A sweep, a variant, a machine: a line of text.
  case title
  /// An experiment, which also names a directory: no path.
  case fileName

  /// In bytes of UTF-8: a file system allows 255, and files that carry a name add to it.
  public static let longest = 100

  /// What is wrong with `name` in the words of an error; nil where nothing is.
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
