/// The difference between a point's launches (separate processes), compared with the scatter of samples within one
/// launch.
///
/// Page placement, address layout and other load stay the same within a process, so that samples of one process
/// cannot show their effect. The between-launch component is estimated by the method of moments from the launch
/// medians: their variance, less the medians' own sampling error, (pi / 2) s^2 / n for normal samples (Kenney and
/// Keeping, 1962). The spread s within a launch is 1.4826 MAD, so that single disturbed samples do not hide the
/// component.
public struct LaunchVariance: Equatable, Sendable {
  /// Standard deviation that launches add, in the unit of the samples; 0 where sampling error explains their difference.
  public let betweenLaunches: Double
  /// Standard deviation within a launch: the root mean square over the launches.
  public let withinLaunch: Double

  /// `launches` holds each launch's samples. Nil for fewer than two launches with samples, and where each launch has
  /// only one sample, since the spread within a launch is then unknown.
  public init?(_ launches: [[Double]]) {
    let statistics = launches.compactMap { Statistics($0) }
    guard statistics.count >= 2 else { return nil }
    let count = Double(statistics.count)
    let mean = statistics.reduce(0) { $0 + $1.median } / count
    let variance = statistics.reduce(0) { $0 + ($1.median - mean) * ($1.median - mean) } / (count - 1)
    let squares = statistics.compactMap { one in
      one.medianAbsoluteDeviation.map { (1.4826 * $0) * (1.4826 * $0) }
    }
    guard !squares.isEmpty else { return nil }
    let square = squares.reduce(0, +) / Double(squares.count)
    withinLaunch = square.squareRoot()
    // A launch of one sample is assumed to scatter as the others do.
    let explained =
      statistics.reduce(0) { sum, one in
        let own = one.medianAbsoluteDeviation.map { (1.4826 * $0) * (1.4826 * $0) } ?? square
        return sum + Double.pi / 2 * own / Double(one.count)
      } / count
    betweenLaunches = max(0, variance - explained).squareRoot()
  }

  /// Whether launches differ by more than samples within one do, so that an interval over pooled samples is too
  /// narrow.
  public var betweenDominates: Bool { betweenLaunches > withinLaunch }
}
