import Foundation
import Measurement
import Plans
import Reports
import RunStore
import Support

/// Shows a run's events on standard error: one line that is rewritten on a terminal, plain lines elsewhere.
final class Progress {
  private let isTerminal = Progress.rewritesLines(environment: ProcessInfo.processInfo.environment)
  /// Whether each projected point gets a line of its own where lines are not rewritten.
  private let listsProjections: Bool
  /// The line of the previous point.
  private var last = ""

  init(listsProjections: Bool = true) {
    self.listsProjections = listsProjections
  }

  func show(_ event: RunEvent) {
    switch event {
    case .message(let text):
      clear()
      printMessage(text)
    case .started(let point, let progress):
      guard isTerminal else { return }
      write("\r\u{1B}[K" + ProgressLine(progress, point: point.label, last: last).text(columns: Self.columns))
    case .projected(let point, let done, let total):
      let text = singleLine("[\(done)/\(total)] \(point.label)")
      guard isTerminal else {
        if listsProjections { printMessage(text) }
        return
      }
      write("\r\u{1B}[K" + text.prefix(columns: Self.columns - 1))
    case .finished(let result, let progress):
      last = ProgressLine.result(result)
      if isTerminal {
        // Failures keep a line of their own, so that they stay visible.
        if result.status == .passed { return }
        clear()
      }
      let launch = ProgressLine.launch(progress).map { ", \($0)" } ?? ""
      printMessage("[\(progress.done)/\(progress.total)] \(ProgressLine.point(result))\(launch): \(last)")
    }
  }

  /// Removes the bar, so that what is printed next starts on a clean line.
  func clear() {
    if isTerminal { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { StandardStream.messages.write(text) }

  /// Whether standard error is a terminal that understands control sequences and the user did not ask for plain text:
  /// TERM=dumb is Emacs' shell and many CI systems, and NO_COLOR (no-color.org) asks any program for plain text.
  private static func rewritesLines(environment: [String: String]) -> Bool {
    guard isatty(StandardStream.messages.descriptor) == 1, environment["NO_COLOR", default: ""].isEmpty else {
      return false
    }
    return !["", "dumb"].contains(environment["TERM", default: ""])
  }

  /// The terminal's width in columns; 80 where it is unknown.
  private static var columns: Int {
    var size = winsize()
    guard ioctl(StandardStream.messages.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
