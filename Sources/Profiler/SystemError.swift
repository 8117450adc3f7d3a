import Glibc
import Support

/// The kernel refused something that the input asked for in good form: what was tried, why not, and what may help.
///
/// A run that meets one is skipped with this reason; it is no fault of the input, which would be an `InputError`.
public struct SystemError: NotAvailableError, Equatable {
  /// The system call or library function.
  public var call: String
  /// The kernel's error number.
  public var code: Int32
  /// What the caller can do, or what was being tried.
  public var advice: String?

  public init(call: String, code: Int32, advice: String? = nil) {
    self.call = call
    self.code = code
    self.advice = advice
  }

  public var description: String {
    let text = "\(call): \(errorText(code))"
    return advice.map { "\(text) (\($0))" } ?? text
  }
}

/// Turns the shims' convention, -errno, into an error.
@discardableResult
func check(_ result: Int32, _ call: String, advice: @autoclosure () -> String? = nil) throws -> Int32 {
  guard result < 0 else { return result }
  throw SystemError(call: call, code: -result, advice: advice())
}

/// The C library's text for an error number.
func errorText(_ code: Int32) -> String {
  strerror(code).map { String(cString: $0) } ?? "error \(code)"
}
