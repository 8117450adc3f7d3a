extension Int {
  /// `value` rounded to a whole number; nil where it is none that fits, such as an infinity, instead of a trap. Numbers that
  /// come from files are converted by this alone.
  public init?(rounding value: Double, _ rule: FloatingPointRoundingRule = .toNearestOrAwayFromZero) {
    self.init(exactly: value.rounded(rule))
  }
}
