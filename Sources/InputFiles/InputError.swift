/// What is wrong with a file, a key or an argument that the user gave: one line that says where, and what was expected.
///
/// Every room throws this type for bad input and nothing else, so that the command line can turn it into exit code 64.
public struct InputError: Error, Equatable, CustomStringConvertible {
  public var file: String?
  /// 1-based line in `file`.
  public var line: Int?
  /// The key path inside the file, such as `caches[0].size`, or the name of a tensor or an option.
  public var key: String?
  /// What was expected and what was found instead.
  public var message: String

  public init(file: String? = nil, line: Int? = nil, key: String? = nil, _ message: String) {
    self.file = file
    self.line = line
    self.key = key
    self.message = message
  }

  public var description: String {
    var location = file ?? ""
    if let line { location += ":\(line)" }
    return [location, key ?? "", message].filter { !$0.isEmpty }.joined(separator: ": ")
  }
}
