extension Point {
  /// The most tokens that are simulated. A batch of this size makes several passes over every published strategy's
  /// tile, so that further tokens repeat the same steady state; results are per token.
  public static let mostSimulatedTokens = 4096

  /// The point with the short batch whose access stream is simulated or profiled in place of its own.
  package var simulated: Point {
    var short = self
    short.tokens = min(tokens, Point.mostSimulatedTokens)
    return short
  }
}
