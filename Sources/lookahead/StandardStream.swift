import CLinux
import Foundation
import Support

/// Standard output or standard error. Everything that the tool says goes through here.
///
/// A write that fails ends nothing: a run goes on to measure and to store. What fails once is not tried again, and
/// `StandardStream.exit` says at the end whether data were lost. Messages that cannot be written are dropped.
final class StandardStream: @unchecked Sendable {
  static let output = StandardStream(STDOUT_FILENO)
  static let messages = StandardStream(STDERR_FILENO)

  let descriptor: Int32
  /// The system's number of the first error; 0 for none.
  private var failure: Int32 = 0
  private let lock = NSLock()

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  func write(_ text: String) { write(Data(text.utf8)) }

  func write(_ data: Data) {
    lock.withLock {
      guard failure == 0, !data.isEmpty else { return }
      failure = data.withUnsafeBytes { linux_write(descriptor, $0.baseAddress, $0.count) }
    }
  }

  /// Whether the tool was started with SIGPIPE ignored, as a service is.
  private nonisolated(unsafe) static var ignoresBrokenPipes = false

  /// Before anything is opened: a standard stream that is closed gets a place holder in which nothing can be written or read,
  /// so that no file of a run is taken for it; and a closed reader gives an error instead of ending the process.
  static func prepare() {
    linux_hold_standard_streams()
    ignoresBrokenPipes = linux_report_failed_writes() != 0
  }

  /// Ends the process: with `code`, or with 1 and a line that says why where data for standard output were lost. Where the
  /// reader has gone, as `head` does, it ends without a word and by SIGPIPE, as other tools do.
  static func exit(_ code: Int32) -> Never {
    // Some file systems report what they could not store here only.
    if output.failure == 0, close(output.descriptor) != 0 { output.failure = errno }
    switch output.failure {
    case 0: Foundation.exit(code)
    case EPIPE:
      if !ignoresBrokenPipes { linux_end_by_broken_pipe() }
    default:
      printMessage("standard output: \(String(cString: strerror(output.failure)))")
    }
    Foundation.exit(ExitStatus.failure.rawValue)
  }
}
