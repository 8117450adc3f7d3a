extension Point {
  /// Tokens simulated at most. A batch of this many makes several passes over every published strategy's tile, so that
  /// tokens beyond it repeat the same steady state; results are per token.
  public static let mostSimulatedTokens = 4096

  /// The short batch whose access stream is simulated or profiled in place of the point's own.
  package var simulated: Point {
    var short = self
    short.tokens = min(tokens, Point.mostSimulatedTokens)
    return short
  }
}
