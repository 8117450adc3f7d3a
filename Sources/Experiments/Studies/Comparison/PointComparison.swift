/// One point of A against its counterpart in B.
public struct PointComparison: Sendable {
  /// A's point; of a point and its baseline, the point's.
  public var pointID: String
  public var label: String
  public var sweep: String
  /// Medians over all samples.
  public var nanosecondsPerTokenA: Double?
  public var nanosecondsPerTokenB: Double?
  public var launchesA: Int
  public var launchesB: Int
  public var samplesA: Int
  public var samplesB: Int
  /// B's time over A's, less one: 0.1 is 10 % slower. The Hodges-Lehmann estimate; nil where the two are incomparable.
  public var change: Double?
  /// 95 %; nil where samples or processes are too few to say.
  public var changeLow: Double?
  public var changeHigh: Double?
  /// The larger of the two tests' (samples, processes).
  public var pValue: Double?
  /// The same adjusted for the number of points.
  public var adjustedPValue: Double?
  /// From -1 (every block of B takes less time than every block of A) to 1.
  public var cliffsDelta: Double?
  public var verdict: Verdict
  public var reason: String?
  /// Why the one is the other's baseline; nil where both have the same parameters.
  public var matchup: String?
}
