/// Order statistics of one point's samples. All values have the unit of the samples.
public struct Statistics: Equatable, Sendable {
  public let count: Int
  public let median: Double
  /// 95 % confidence interval of the median; nil for fewer than 6 samples.
  public let interval: MedianInterval?
  public let minimum: Double
  /// Distance between the quartiles; nil for one sample, whose spread is unknown.
  public let interquartileRange: Double?
  /// Median of the absolute deviations from the median, unscaled; nil for one sample.
  public let medianAbsoluteDeviation: Double?
  /// One flag for each sample, in the order given. Flagged samples count in every figure above, because a benchmark
  /// that drops them hides what its users will see.
  public let outliers: [Bool]

  public var outlierCount: Int { outliers.filter { $0 }.count }

  /// Half the width of the interval, relative to the median; nil without an interval.
  public var relativeHalfWidth: Double? { interval?.relativeHalfWidth(about: median) }

  /// Nil without samples.
  public init?(_ samples: [Double]) {
    guard !samples.isEmpty else { return nil }
    let sorted = samples.sorted()
    count = sorted.count
    median = quantile(sorted, 0.5)
    interval = MedianInterval(sorted: sorted)
    minimum = sorted[0]
    interquartileRange = count > 1 ? quantile(sorted, 0.75) - quantile(sorted, 0.25) : nil
    let centre = median
    let deviations = samples.map { abs($0 - centre) }
    let deviation = quantile(deviations.sorted(), 0.5)
    medianAbsoluteDeviation = count > 1 ? deviation : nil
    outliers = flagOutliers(deviations: deviations, medianAbsoluteDeviation: deviation)
  }
}

/// The quantile of `sorted` (ascending, not empty) by linear interpolation between order statistics: type 7 of Hyndman and
/// Fan 1996, the default of R and NumPy.
public func quantile(_ sorted: [Double], _ probability: Double) -> Double {
  let place = probability * Double(sorted.count - 1)
  let low = Int(place)
  let high = min(low + 1, sorted.count - 1)
  return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
}

/// Marks samples whose modified z-score exceeds 10, hyperfine's threshold: far beyond skew, only disturbances reach it.
///
/// The score is the deviation over 1.4826 MAD, which estimates the standard deviation of normal data. Where more than half
/// the samples are equal the MAD is 0, and 1.2533 times the mean absolute deviation takes its place (Iglewicz and Hoaglin 1993).
private func flagOutliers(deviations: [Double], medianAbsoluteDeviation: Double) -> [Bool] {
  let mean = deviations.reduce(0, +) / Double(deviations.count)
  let scale = medianAbsoluteDeviation > 0 ? 1.4826 * medianAbsoluteDeviation : 1.2533 * mean
  return deviations.map { scale > 0 && $0 / scale > 10 }
}
