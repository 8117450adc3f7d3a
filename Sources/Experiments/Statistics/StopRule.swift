/// The reason why sampling of a point ended.
public enum StopReason: String, CaseIterable, Codable, Sendable {
  /// The confidence interval was narrow enough.
  case intervalWidth = "interval_width"
  /// The time limit was reached first; the interval is wider than requested.
  case maxSeconds = "max_seconds"
}

/// Decides after each sample whether a point has been measured well enough.
///
/// It stops when there are `minSamples` samples, `minSeconds` of accumulated time and an interval within
/// `intervalWidth`, or when `maxSeconds` have accumulated, whichever comes first. The limit wins over the minima, so
/// that a point that takes a minute a sample still ends. Time includes the way from one sample to the next: waking
/// the threads for a pass of a microsecond takes many times as long as the pass where they share a CPU.
public struct StopRule: Sendable {
  private let minSamples: Int
  private let minSeconds: Double
  private let maxSeconds: Double
  private let intervalWidth: Double
  public private(set) var elapsedSeconds = 0.0
  public private(set) var reason: StopReason?
  /// Ascending; each sample is inserted in place, so that a check needs no sort.
  private var sorted: [Double] = []

  /// `intervalWidth` is half the width of the median's interval, relative to the median.
  public init(minSamples: Int, minSeconds: Double, maxSeconds: Double, intervalWidth: Double) {
    self.minSamples = minSamples
    self.minSeconds = minSeconds
    self.maxSeconds = maxSeconds
    self.intervalWidth = intervalWidth
  }

  public var count: Int { sorted.count }

  /// Adds a sample in nanoseconds, with the time that taking it took where that is longer; returns the reason to
  /// stop, or nil to continue.
  @discardableResult
  public mutating func add(nanoseconds: Double, taking elapsed: Double = 0) -> StopReason? {
    sorted.insert(nanoseconds, at: insertionIndex(of: nanoseconds))
    elapsedSeconds += max(nanoseconds, elapsed) * 1e-9
    if isNarrow {
      reason = .intervalWidth
    } else if elapsedSeconds >= maxSeconds {
      reason = .maxSeconds
    }
    return reason
  }

  private var isNarrow: Bool {
    guard sorted.count >= minSamples, elapsedSeconds >= minSeconds,
      let interval = MedianInterval(sorted: sorted),
      let halfWidth = interval.relativeHalfWidth(about: quantile(sorted, 0.5))
    else { return false }
    return halfWidth <= intervalWidth
  }

  private func insertionIndex(of value: Double) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
