/// The result of the comparison of one point.
public enum Verdict: String, CaseIterable, Codable, Sendable {
  /// The interval of the change lies within the threshold.
  case same
  /// B takes less time, by more than the threshold and beyond noise.
  case faster
  /// B takes more time, by more than the threshold and beyond noise: a regression.
  case slower
  /// The samples allow more than one of the verdicts above.
  case ambiguous
  /// The two were measured under different conditions, or one has no times.
  case incomparable
}
