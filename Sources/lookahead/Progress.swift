import Experiments
import Foundation
import InputFiles

/// Shows a run's events on standard error: one line that is rewritten on a terminal, plain lines elsewhere.
final class Progress {
  private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
  private static let barWidth = 24

  func show(_ event: RunEvent) {
    switch event {
    case .message(let text):
      clear()
      printMessage(text)
    case .started(let point, let done, let total, let secondsLeft):
      guard isTerminal else { return }
      let filled = total > 0 ? done * Progress.barWidth / total : 0
      let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Progress.barWidth - filled)
      let left = secondsLeft.map { ", \(Progress.duration($0)) left" } ?? ""
      write("\r\u{1B}[K[\(bar)] \(done)/\(total)\(left)  \(point.label)")
    case .finished(let result, let done, let total):
      guard !isTerminal else { return }
      printMessage("[\(done)/\(total)] \(Progress.summary(result))")
    }
  }

  /// Removes the bar, so that what is printed next starts on a clean line.
  func clear() {
    if isTerminal { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }

  private static func duration(_ seconds: Double) -> String {
    seconds < 60 ? "\(Int(seconds.rounded(.up))) s" : "\(Int(seconds / 60)) min \(Int(seconds) % 60) s"
  }

  private static func summary(_ row: ResultRow) -> String {
    let size = row.tableBytes.map { " tables \(formatByteCount($0)) \(row.dtype.rawValue)" } ?? ""
    let what = "\(row.sweep): \(row.kernel.rawValue)\(size) threads \(row.threads) \(row.memoryPolicy)"
    guard row.status == .passed, let time = row.nanosecondsPerToken else {
      return "\(what): \(row.status.rawValue) (\(row.reason ?? "no reason given"))"
    }
    return what + String(format: ": %.2f us/token", time / 1000)
  }
}
