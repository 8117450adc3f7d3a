import Experiments
import Foundation
import Reports

/// Shows a run's events on standard error: one line that is rewritten on a terminal, plain lines elsewhere.
final class Progress {
  private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
  /// What came of the point before.
  private var last = ""

  func show(_ event: RunEvent) {
    switch event {
    case .message(let text):
      clear()
      printMessage(text)
    case .started(let point, let progress):
      guard isTerminal else { return }
      write("\r\u{1B}[K" + ProgressLine(progress, point: point.label, last: last).text(columns: Self.columns))
    case .projected(let point, let done, let total):
      guard isTerminal else { return printMessage("[\(done)/\(total)] \(point.label)") }
      write("\r\u{1B}[K" + "[\(done)/\(total)] \(point.label)".prefix(Self.columns - 1))
    case .finished(let result, let progress):
      last = ProgressLine.result(result)
      if isTerminal {
        // What went wrong must not scroll by.
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

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }

  /// The terminal's width; 80 where it does not say.
  private static var columns: Int {
    var size = winsize()
    guard ioctl(FileHandle.standardError.fileDescriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return 80
    }
    return Int(size.ws_col)
  }
}
