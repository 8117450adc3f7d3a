import Foundation
import Kernels
import Measurement
import Plans
import RunStore
import Support

/// The line on a terminal while a point runs: a bar, the progress of the run, the expected time left, the point, and
/// the result of the previous one.
public struct ProgressLine {
  private static let barWidth = 20

  private let parts: [String]

  public init(_ progress: RunProgress, point: String, last: String) {
    let filled = progress.total > 0 ? progress.done * Self.barWidth / progress.total : 0
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.barWidth - filled)
    let left = progress.secondsLeft.map { ", \(Self.duration($0)) left" } ?? ""
    parts = [
      "[\(bar)] \(progress.done)/\(progress.total)\(left)",
      [point, Self.launch(progress)].compactMap { $0 }.joined(separator: ", "),
      last.isEmpty ? "" : "last: \(last)",
    ]
  }

  /// The line cut to a terminal's width less one: a line that fills the width wraps, and cannot be rewritten.
  public func text(columns: Int) -> String {
    String(singleLine(parts.filter { !$0.isEmpty }.joined(separator: "  ")).prefix(columns: max(0, columns - 1)))
  }

  /// `launch 2 of 3`; nil where each point has one launch.
  public static func launch(_ progress: RunProgress) -> String? {
    progress.launches > 1 ? "launch \(progress.launch + 1) of \(progress.launches)" : nil
  }

  static func duration(_ seconds: Double) -> String {
    guard let whole = Int(rounding: seconds, .up) else { return "unknown" }
    switch whole {
    case ..<60: return "\(whole) s"
    case ..<3600: return "\(whole / 60) min \(whole % 60) s"
    default: return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
  }

  /// The label of the point, from its row.
  public static func point(_ row: ResultRow) -> String {
    let size = row.tableBytes.map { " tables \(formatByteCount($0)) \(row.dtype.rawValue)" } ?? ""
    return "\(row.sweep): \(row.kernel.rawValue)\(size) threads \(row.threads) \(row.memoryPolicy)"
  }

  /// The point's time, or the reason why it has none.
  public static func result(_ row: ResultRow) -> String {
    guard row.status == .passed, let time = row.nanosecondsPerToken else {
      return "\(row.status.rawValue) (\(row.reason ?? "no reason given"))"
    }
    return String(format: "%.2f us/token", time / 1000)
  }
}
