/// An error that names what this machine, this process or this build lacks, such as CPUs, memory nodes, an
/// instruction set, a library or a permission. The request itself is valid and can be met elsewhere.
///
/// A run skips a point that throws one, with its text as the reason; any other verb ends with exit code 1. An invalid
/// request is an `InputError` (exit code 64). A caller's mistake is neither: it ends the program by `precondition`.
public protocol NotAvailableError: Error, CustomStringConvertible {}

/// What is not available here, and what the machine has instead.
public struct NotAvailable: NotAvailableError, Equatable {
  /// The parameter that asks for it, such as `threads`; nil where none does.
  public var key: String?
  /// What was expected and what was found instead.
  public var message: String

  public init(key: String? = nil, _ message: String) {
    self.key = key
    self.message = message
  }

  public var description: String { key.map { "\($0): \(message)" } ?? message }
}

/// The message of `error` without the file and key that it names, for readers who know them.
public func bareMessage(_ error: any Error) -> String {
  (error as? InputError)?.message ?? (error as? NotAvailable)?.message ?? "\(error)"
}
