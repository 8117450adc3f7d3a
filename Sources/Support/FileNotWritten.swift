/// A file or directory that cannot be written: a failure (exit code 1) and no bad input.
public struct FileNotWritten: Error, CustomStringConvertible {
  public let path: String
  /// Why, as the system says it.
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  public var description: String { "cannot write to \(path): \(reason)" }
}
