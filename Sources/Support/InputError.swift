/// An error in a file, a key or an argument that the user gave: one line that names the place and what was expected.
///
/// Every module throws this type, and no other, for bad input, so that the command line can turn it into exit code
/// 64. Names and messages may contain anything that a file contains: `description` makes them printable and keeps
/// them short.
public struct InputError: Error, Equatable, CustomStringConvertible {
  public var file: String?
  /// 1-based line in `file`.
  public var line: Int?
  /// The key path inside the file, such as `caches[0].size`, or the name of a tensor or an option.
  public var key: String?
  /// What was expected and what was found instead.
  public var message: String
  /// Lines to show below the message, such as the differences between two experiments.
  public var details: [String]

  public init(file: String? = nil, line: Int? = nil, key: String? = nil, _ message: String, details: [String] = []) {
    self.file = file
    self.line = line
    self.key = key
    self.message = message
    self.details = details
  }

  /// File, line, key and message in one line of at most 280 characters, which leaves room for the program's name,
  /// followed by one line for each detail. A long name or message keeps its beginning and its end.
  public var description: String {
    var location = printable(file ?? "", atMost: Self.longestFile)
    if let line { location += ":\(line)" }
    let place = [location, printable(key ?? "", atMost: Self.longestKey)].filter { !$0.isEmpty }
    let left = Self.longest - place.reduce(0) { $0 + $1.unicodeScalars.count + 2 }
    let complaint = (place + [printable(message, atMost: left)]).filter { !$0.isEmpty }.joined(separator: ": ")
    return ([complaint] + details.map { printable($0, atMost: Self.longest) }).joined(separator: "\n")
  }

  private static let longest = longestLine - 20
  // Together they leave a third of the line to the message.
  private static let longestFile = 120
  private static let longestKey = 60
}
