/// A point of A compared with its counterpart in B.
public struct PointComparison: Sendable {
  /// The id of A's point; where a point is compared with its baseline, the id of the point.
  public var pointID: String
  public var label: String
  public var sweep: String
  /// Medians over all samples, in ns per token; nil without samples.
  public var nanosecondsPerTokenA: Double?
  public var nanosecondsPerTokenB: Double?
  public var launchesA: Int
  public var launchesB: Int
  public var samplesA: Int
  public var samplesB: Int
  /// B's time over A's, less one: 0.1 is 10 % slower. The Hodges-Lehmann estimate; nil where the two are incomparable.
  public var change: Double?
  /// The 95 % confidence interval of the change; nil where samples or processes are too few.
  public var changeLow: Double?
  public var changeHigh: Double?
  /// The larger p-value of the two tests (over samples, and over processes).
  public var pValue: Double?
  /// The p-value adjusted for the number of points (Benjamini-Hochberg).
  public var adjustedPValue: Double?
  /// Cliff's delta, from -1 (every block of B takes less time than every block of A) to 1.
  public var cliffsDelta: Double?
  public var verdict: Verdict
  public var reason: String?
  /// Why this baseline was chosen; nil where both points have the same parameters.
  public var matchup: String?
}
