/// Which traffic a projection is made of.
public enum TrafficKind: String, CaseIterable, Sendable {
  /// That of the simulation alone.
  case simulated
  /// With what counters saw: in place of simulated lines on the machine that counted, as a correction elsewhere.
  case counted
}
