import Machines

/// Load-to-use latency of a memory under load at one share of reads, from the machine's measured curves or an assumed
/// one.
struct LoadedLatency {
  /// Latency at one share of the maximum bandwidth.
  private struct Point {
    var utilisation: Double
    var nanoseconds: Double
  }

  /// The bandwidth that the memory delivers at most at this share of reads.
  let mostGigabytesPerSecond: Double
  /// By rising utilisation, from 0 to 1.
  private let points: [Point]

  /// Latency / idle latency of a machine without measured curves: that of the Xeon 8480+ with DDR5-4800 under reads
  /// only (115.5 ns idle; 130, 161, 176, 223 ns at 50, 80, 90, 100 % of its maximum bandwidth), from the Mess
  /// measurements (github.com/bsc-mem). It is a current DDR5 server for which all five points are known.
  private static let assumedShape: [(utilisation: Double, factor: Double)] = [
    (0, 1), (0.5, 130 / 115.5), (0.8, 161 / 115.5), (0.9, 176 / 115.5), (1, 223 / 115.5),
  ]
  /// Share of the peak that a machine without measured curves delivers to reads. Nine servers in the same
  /// measurements reach 67 to 91 %: the ends are the corners, the middle is the expected value.
  private static func assumedEfficiency(_ corner: ProjectionInputs.Corner) -> Double {
    switch corner {
    case .low: 0.67
    case .expected: 0.79
    case .high: 0.91
    }
  }
  /// Share of that bandwidth which a half-and-half mix of reads and writes loses: those servers lose 12 to 20 %.
  private static let assumedLossAtHalfWrites = 0.16

  init(_ memory: MemoryDescription, readRatio: Double, corner: ProjectionInputs.Corner = .expected) {
    let idle = memory.idleLatencyNanoseconds
    guard let (below, above) = LoadedLatency.neighbours(of: readRatio, in: memory.curve) else {
      points = LoadedLatency.assumedShape.map { Point(utilisation: $0.utilisation, nanoseconds: $0.factor * idle) }
      let loss = LoadedLatency.assumedLossAtHalfWrites * (1 - readRatio) / 0.5
      mostGigabytesPerSecond =
        memory.peakGigabytesPerSecond * LoadedLatency.assumedEfficiency(corner) * (1 - loss)
      return
    }
    // Interpolates between two measured shares of reads, at equal utilisation; outside them the nearest curve holds.
    let span = above.readRatio - below.readRatio
    guard span > 0 else {
      points = LoadedLatency.points(of: below, idle: idle)
      mostGigabytesPerSecond = below.most
      return
    }
    let weight = (readRatio - below.readRatio) / span
    let pointsBelow = LoadedLatency.points(of: below, idle: idle)
    let pointsAbove = LoadedLatency.points(of: above, idle: idle)
    points = LoadedLatency.utilisations(pointsBelow, pointsAbove).map { utilisation in
      Point(
        utilisation: utilisation,
        nanoseconds: mix(
          LoadedLatency.latency(pointsBelow, at: utilisation), LoadedLatency.latency(pointsAbove, at: utilisation),
          weight))
    }
    mostGigabytesPerSecond = mix(below.most, above.most, weight)
  }

  /// The curves at the nearest shares of reads not above and not below `readRatio`, the same curve twice at the ends;
  /// nil if there is no curve.
  private static func neighbours(
    of readRatio: Double, in curves: [LoadedLatencyCurve]
  ) -> (below: LoadedLatencyCurve, above: LoadedLatencyCurve)? {
    var below: LoadedLatencyCurve?
    var above: LoadedLatencyCurve?
    for curve in curves {
      if curve.readRatio <= readRatio, curve.readRatio >= below?.readRatio ?? -.infinity { below = curve }
      if curve.readRatio >= readRatio, curve.readRatio < above?.readRatio ?? .infinity { above = curve }
    }
    guard let either = below ?? above else { return nil }
    return (below ?? either, above ?? either)
  }

  /// The utilisations of both lists in rising order, without repetitions.
  private static func utilisations(_ a: [Point], _ b: [Point]) -> [Double] {
    var merged: [Double] = []
    merged.reserveCapacity(a.count + b.count)
    var (i, j) = (0, 0)
    while i < a.count || j < b.count {
      let fromA = j == b.count || (i < a.count && a[i].utilisation <= b[j].utilisation)
      let next = fromA ? a[i].utilisation : b[j].utilisation
      if fromA { i += 1 } else { j += 1 }
      if merged.last != next { merged.append(next) }
    }
    return merged
  }

  /// Load-to-use latency in nanoseconds; beyond the maximum bandwidth it stays at its last value.
  func nanoseconds(at gigabytesPerSecond: Double) -> Double {
    LoadedLatency.latency(points, at: gigabytesPerSecond / mostGigabytesPerSecond)
  }

  /// The curve's points, preceded by the idle latency where the first point already carries traffic.
  private static func points(of curve: LoadedLatencyCurve, idle: Double) -> [Point] {
    let points = curve.points.map {
      Point(utilisation: $0.gigabytesPerSecond / curve.most, nanoseconds: $0.nanoseconds)
    }
    guard let first = points.first, first.utilisation > 0 else { return points }
    return [Point(utilisation: 0, nanoseconds: min(idle, first.nanoseconds))] + points
  }

  /// Piecewise linear between the points, constant outside them.
  private static func latency(_ points: [Point], at utilisation: Double) -> Double {
    guard var left = points.first else { return 0 }
    if utilisation <= left.utilisation { return left.nanoseconds }
    for right in points.dropFirst() {
      if utilisation <= right.utilisation {
        let weight = (utilisation - left.utilisation) / (right.utilisation - left.utilisation)
        return mix(left.nanoseconds, right.nanoseconds, weight)
      }
      left = right
    }
    return left.nanoseconds
  }
}

extension LoadedLatencyCurve {
  fileprivate var most: Double { points.last?.gigabytesPerSecond ?? 0 }
}

private func mix(_ a: Double, _ b: Double, _ weight: Double) -> Double { a + (b - a) * weight }
