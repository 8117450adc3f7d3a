import Projection
import RunStore
import Simulation

/// A point's error in two parts: what the simulated lines do, and what is left when the lines are the counted ones.
public struct ErrorSplit: Equatable, Sendable {
  /// With simulated traffic, less with counted traffic, over measured throughput.
  public var traffic: Double
  /// With counted traffic, over measured throughput, less one.
  public var timing: Double

  /// The error with simulated traffic.
  public var total: Double { traffic + timing }
}

extension Validation.Entry {
  /// Nil where nothing counted the point's lines, or there is no such measurement.
  public func split(_ reference: Validation.Reference) -> ErrorSplit? {
    guard let counted, let measured = measured(reference) else { return nil }
    return ErrorSplit(
      traffic: (projection.tokensPerSecond - counted.tokensPerSecond) / measured,
      timing: counted.tokensPerSecond / measured - 1)
  }
}

extension Validation {
  /// The split errors of all points that have one.
  public func splits(_ reference: Reference) -> [ErrorSplit] { entries.compactMap { $0.split(reference) } }

  /// Simulated and counted lines of one boundary over all points that have both.
  public struct LineSummary: Sendable {
    public var boundary: TrafficBoundary
    public var name: String
    public var points: Int
    /// Means over these points.
    public var simulatedPerToken: Double
    public var countedPerToken: Double
    /// Nil where every count is a lower bound, or there are too few lines for a ratio.
    public var ratio: TrafficRatios.Ratio?
    /// Qualities of the counts, and whether some are lower bounds.
    public var qualities: [String]
  }

  /// By boundary, from the core outwards; without boundaries that nothing counted.
  public var lineSummaries: [LineSummary] {
    let all = entries.flatMap(\.lines)
    let boundaries = all.reduce(into: [TrafficBoundary]()) { if !$0.contains($1.boundary) { $0.append($1.boundary) } }
    return boundaries.compactMap { boundary in
      let own = all.filter { $0.boundary == boundary }
      let counted = own.compactMap { line in line.countedPerToken.map { (line, $0) } }
      guard let name = own.first?.name, !counted.isEmpty else { return nil }
      let points = Double(counted.count)
      let qualities = Set(
        counted.map { ($0.0.quality?.rawValue ?? "counted") + ($0.0.leavesOut == nil ? "" : ", at least") })
      return LineSummary(
        boundary: boundary, name: name, points: counted.count,
        simulatedPerToken: counted.reduce(0) { $0 + $1.0.simulatedPerToken } / points,
        countedPerToken: counted.reduce(0) { $0 + $1.1 } / points, ratio: ratios.ratios[boundary],
        qualities: qualities.sorted())
    }
  }
}
