extension Int {
  /// `value` rounded to a whole number; nil where the result does not fit, such as an infinity. Numbers from files
  /// are converted only by this, because the standard conversion traps.
  public init?(rounding value: Double, _ rule: FloatingPointRoundingRule = .toNearestOrAwayFromZero) {
    self.init(exactly: value.rounded(rule))
  }
}
