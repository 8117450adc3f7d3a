import Projection
import Simulation

/// Simulated and counted lines of a point on the machine that counted, at one boundary of its caches.
public struct LineComparison: Equatable, Sendable {
  public var boundary: TrafficBoundary
  /// Such as `from beyond L2`.
  public var name: String
  public var simulatedPerToken: Double
  /// Nil where nothing counted them.
  public var countedPerToken: Double?
  public var quality: CountQuality?
  /// The counter group.
  public var source: String?
  /// What the events miss; the count is a lower bound then.
  public var leavesOut: String?
}

extension CountedTraffic {
  /// Counted beside simulated lines at every boundary of `simulated`, which is the traffic of `tokens` tokens.
  func comparisons(with simulated: Traffic, tokens: Int) -> [LineComparison] {
    simulated.boundaries.map { boundary in
      let count = best(over: boundary, levels: simulated.levelNames.count)
      return LineComparison(
        boundary: boundary, name: simulated.name(of: boundary),
        simulatedPerToken: simulated.lines(over: boundary) / Double(tokens), countedPerToken: count?.perToken,
        quality: count?.quality, source: count?.source, leavesOut: count?.leavesOut)
    }
  }
}
