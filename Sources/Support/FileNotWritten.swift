/// A file or directory that cannot be written. This is a failure (exit code 1), not bad input.
public struct FileNotWritten: Error, CustomStringConvertible {
  public let path: String
  /// The reason in the system's words.
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  public var description: String { "cannot write to \(path): \(reason)" }
}
