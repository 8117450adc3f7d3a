import Machines

extension LoadedLatencyCurve {
  /// A curve as the machine file wants it, from points by rising pressure.
  ///
  /// - A point that carries less than 1 % more than every gentler one adds nothing: beyond saturation only the queue in front of
  ///   the memory grows, and on some machines bandwidth even falls (Mess, MICRO 2024).
  /// - Latencies are made not to fall, and not to be below `idle`. Of points of equal latency the first and last stay.
  /// - `most` is what all cores' streams reached. Where that is more than the pressure here could reach, the curve ends
  ///   there, at the latency that `linesInFlight` in all allow by Little's law, or at its last latency if that is more.
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
