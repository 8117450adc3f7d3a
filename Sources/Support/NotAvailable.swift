/// An error that tells what this machine, this process or this build lacks: CPUs, memory nodes, an instruction set, a library, a
/// kernel's permission. The request itself is right, and can be met elsewhere.
///
/// A run skips the points that meet one, with its text as the reason; any other verb ends with exit code 1. What is wrong with the
/// request itself is an `InputError` (exit code 64). A caller's mistake is neither: it stops the program by `precondition`.
public protocol NotAvailableError: Error, CustomStringConvertible {}

/// What is lacking here, and what the machine has in its place.
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

/// The complaint alone, where the place that it names is known to the reader.
public func bareMessage(_ error: any Error) -> String {
  (error as? InputError)?.message ?? (error as? NotAvailable)?.message ?? "\(error)"
}
