import CLinux
import Foundation
import Support
import Synchronization

/// Standard output or standard error. All output of the tool goes through here.
///
/// A write error does not end the process: a run continues to measure and to store. After an error nothing more is
/// written to the stream, and `StandardStream.exit` reports at the end whether data were lost. Messages that cannot
/// be written are dropped.
final class StandardStream: Sendable {
  static let output = StandardStream(STDOUT_FILENO)
  static let messages = StandardStream(STDERR_FILENO)

  let descriptor: Int32
  /// The number of the first error (errno); 0 for none.
  private let failure = Mutex<Int32>(0)

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  func write(_ text: String) { write(Data(text.utf8)) }

  func write(_ data: Data) {
    failure.withLock { failure in
      guard failure == 0, !data.isEmpty else { return }
      failure = data.withUnsafeBytes { linux_write(descriptor, $0.baseAddress, $0.count) }
    }
  }

  /// Whether the tool was started with SIGPIPE ignored, as services are.
  private static let ignoresBrokenPipes = Mutex(false)

  /// Called before anything is opened. A standard stream that is closed is replaced by a descriptor that can be
  /// neither read nor written, so that no file of a run gets its number; and a closed reader gives an error instead
  /// of ending the process.
  static func prepare() {
    linux_hold_standard_streams()
    ignoresBrokenPipes.withLock { $0 = linux_report_failed_writes() != 0 }
  }

  /// Ends the process with `code`, or with 1 and an error message where data for standard output were lost. Where the
  /// reader has closed the pipe, as `head` does, it ends silently by SIGPIPE, as other tools do.
  static func exit(_ code: Int32) -> Never {
    let failure = output.failure.withLock { failure in
      // Some file systems report a failed write only on closing.
      if failure == 0, close(output.descriptor) != 0 { failure = errno }
      return failure
    }
    switch failure {
    case 0: Foundation.exit(code)
    case EPIPE:
      if !ignoresBrokenPipes.withLock({ $0 }) { linux_end_by_broken_pipe() }
    default:
      printMessage("standard output: \(String(cString: strerror(failure)))")
    }
    Foundation.exit(ExitStatus.failure.rawValue)
  }
}
