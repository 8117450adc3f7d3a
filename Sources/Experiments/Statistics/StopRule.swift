/// Why a point took no more samples.
public enum StopReason: String, CaseIterable, Codable, Sendable {
  /// The confidence interval was narrow enough.
  case intervalWidth = "interval_width"
  /// The time limit came first; the interval is wider than asked for.
  case maxSeconds = "max_seconds"
}

/// Decides, sample by sample, whether a point has been measured well enough.
///
/// It stops when there are `minSamples` samples, `minSeconds` of accumulated time and an interval within `intervalWidth`,
/// or when `maxSeconds` have accumulated, whichever comes first; the limit wins over the minima, so that a point that takes
/// a minute a sample still ends. Time is what sampling took, the way from one sample to the next included: waking the threads
/// for a pass of a microsecond takes many times as long where they share a CPU, and a limit that did not count it would be none.
public struct StopRule: Sendable {
  private let minSamples: Int
  private let minSeconds: Double
  private let maxSeconds: Double
  private let intervalWidth: Double
  public private(set) var elapsedSeconds = 0.0
  public private(set) var reason: StopReason?
  /// Ascending: each sample is inserted in place, so that a check costs no sort.
  private var sorted: [Double] = []

  /// `intervalWidth` is half the width of the median's interval over the median.
  public init(minSamples: Int, minSeconds: Double, maxSeconds: Double, intervalWidth: Double) {
    self.minSamples = minSamples
    self.minSeconds = minSeconds
    self.maxSeconds = maxSeconds
    self.intervalWidth = intervalWidth
  }

  public var count: Int { sorted.count }

  /// Takes a sample in nanoseconds, and how long it took to take it where that is more; returns the reason to stop, or nil to
  /// go on.
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
