import Machines
import Plans
import Projection
import Simulation

/// What a run's counters say of the traffic of its points on the machine that counted, and how far that carries over to others.
public struct TrafficEvidence: Sendable {
  public var counts: RunCounts
  /// The machine that counted.
  public var host: Machine
  /// Counted over simulated lines on that machine.
  public var ratios: TrafficRatios
  /// Simulated traffic on that machine, by point, as far as it is at hand.
  var simulated: [String: Traffic] = [:]

  public init(counts: RunCounts, host: Machine, ratios: TrafficRatios) {
    self.counts = counts
    self.host = host
    self.ratios = ratios
  }

  /// How counts bear on a projection of a point onto a machine.
  enum Bearing: Equatable {
    /// The machine counted this point: its lines are taken.
    case counted(CountedTraffic)
    /// The machine is of the kind that counted: simulated lines are multiplied by the ratios.
    case corrects
    /// The machine is of another kind, or of one that is not known: the ratios widen the band.
    case widens
    /// Nothing that a projection uses was counted.
    case silent(String)
  }

  /// Learns the ratios from a run's counted points, which are simulated on `host` for it, with what was chosen for those that
  /// left their strategy open.
  public init(
    _ counts: RunCounts, on host: Machine, points: [Point], experiment: Experiment, settled: [String: Point] = [:],
    progress: (String) -> Void = { _ in }
  ) throws {
    self.init(counts: counts, host: host, ratios: TrafficRatios([]))
    let counted = points.filter { counts.countedPoints.contains($0.id) }
    let projector = Projector(runID: "", machines: [host], host: nil, kinds: [.counted], evidence: self)
    _ = try projector.outcomes(counted, experiment: experiment, settled: settled, progress: progress)
    ratios = projector.ratios
    simulated = projector.simulatedOnHost
  }

  func bearing(on machine: Machine, point: String) -> Bearing {
    let isHost = machine.caches == host.caches && machine.name == host.name
    if isHost, let counted = counts.points[point], counted.hasLines { return .counted(counted) }
    guard !ratios.isEmpty else { return .silent(counts.absence ?? "no lines were counted as a whole") }
    let generation = host.generation ?? counts.generation
    return isHost || (generation != nil && machine.generation == generation) ? .corrects : .widens
  }
}
