/// What a comparison says of one point.
public enum Verdict: String, CaseIterable, Codable, Sendable {
  /// The interval of the change lies within the threshold.
  case same
  /// B takes less time, by more than the threshold and than chance explains.
  case faster
  /// B takes more time likewise: a regression.
  case slower
  /// The samples allow more than one of the above.
  case ambiguous
  /// The two were not measured alike, or one has no times.
  case incomparable
}
