import Machines

extension LoadedLatencyCurve {
  /// A curve in the form of the machine file, from points by rising pressure.
  ///
  /// - A point with less than 1 % more bandwidth than every point before it is left out: beyond saturation only the
  /// queue in front of the memory grows, and on some machines bandwidth even falls (Mess, MICRO 2024).
  ///
  /// - Latencies are made non-decreasing, and at least `idle`. Of points of equal latency the first and last stay.
  ///
  /// - `most` is the bandwidth of all cores' streams. Where it exceeds the largest of the points, the curve ends
  /// there, at the latency that `linesInFlight` in all allow by Little's law, or at the last latency if that is
  /// higher.
  ///
  /// Nil where neither is known.
  init?(
    readRatio: Double, measured points: [Point], idle: Double, most: Double? = nil, linesInFlight: Double? = nil
  ) {
    var kept: [Point] = []
    for point in points where point.gigabytesPerSecond > 0 && point.nanoseconds > 0 {
      guard point.gigabytesPerSecond >= 1.01 * (kept.last?.gigabytesPerSecond ?? 0) else { continue }
      kept.append(point)
    }
    let latencies = CurveCleaning.nonDecreasing(CurveCleaning.withoutLoneOutliers(kept.map(\.nanoseconds)))
    var curve = [Point(gigabytesPerSecond: 0, nanoseconds: idle)]
    for (point, latency) in zip(kept, latencies) {
      curve.append(Point(gigabytesPerSecond: point.gigabytesPerSecond, nanoseconds: max(idle, latency)))
    }
    curve = curve.enumerated().filter { index, point in
      guard index > 0, index < curve.count - 1 else { return true }
      return curve[index - 1].nanoseconds < point.nanoseconds || point.nanoseconds < curve[index + 1].nanoseconds
    }.map(\.element)
    // 3 %: within the noise of two measurements.
    if let most, let last = curve.last, most > 1.03 * last.gigabytesPerSecond {
      let little = (linesInFlight ?? 0) * 64 / most
      curve.append(Point(gigabytesPerSecond: most, nanoseconds: max(last.nanoseconds, little)))
    }
    guard curve.count > 1 else { return nil }
    self.init(readRatio: readRatio, points: curve)
  }
}
