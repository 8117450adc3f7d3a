import Glibc
import Support

/// The kernel refused a valid request. The error names the call, the reason and what may help.
///
/// A run skips a point that meets one, with this reason. A fault of the input would be an `InputError`.
public struct SystemError: NotAvailableError, Equatable {
  /// The system call or library function.
  public var call: String
  /// The kernel's error number.
  public var code: Int32
  /// What the caller can do, or what was attempted.
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

/// Turns a C function's result of -errno into an error.
@discardableResult
func check(_ result: Int32, _ call: String, advice: @autoclosure () -> String? = nil) throws -> Int32 {
  guard result < 0 else { return result }
  throw SystemError(call: call, code: -result, advice: advice())
}

/// The C library's text for an error number.
func errorText(_ code: Int32) -> String {
  strerror(code).map { String(cString: $0) } ?? "error \(code)"
}
