import Machines
import Statistics

/// The number of lines that a core keeps in flight, from independent chases by Little's law: lines = rate x latency.
public struct LinesInFlight: Equatable, Sendable {
  public struct Point: Equatable, Sendable {
    public var chains: Int
    public var gigabytesPerSecond: Double
    /// Lines in flight that reach the rate at the latency of few chains, that is in idle memory.
    public var lines: Double
  }

  /// Points by rising number of chains.
  public let points: [Point]
  /// The median of the times of a round of one, two and four chains, which every core keeps in flight together; a
  /// burst of other load during one of them does not change it.
  public let latencyNanoseconds: Double
  /// The most lines that any number of chains reached.
  public let most: Double
  /// The fewest chains that reached 95 % of `most`.
  public let saturatingChains: Int

  /// Nil without the rate of one chain.
  public init?(_ rates: [(chains: Int, gigabytesPerSecond: Double)], lineBytes: Int = 64) {
    let rates = rates.filter { $0.gigabytesPerSecond > 0 }.sorted { $0.chains < $1.chains }
    guard let one = rates.first, one.chains == 1 else { return nil }
    let rounds = rates.filter { $0.chains <= 4 }.map { Double($0.chains * lineBytes) / $0.gigabytesPerSecond }
    let latency = quantile(rounds.sorted(), 0.5)
    points = rates.map {
      Point(
        chains: $0.chains, gigabytesPerSecond: $0.gigabytesPerSecond,
        lines: littleLines(gigabytesPerSecond: $0.gigabytesPerSecond, nanoseconds: latency, lineBytes: lineBytes))
    }
    latencyNanoseconds = latency
    let most = points.map(\.lines).max() ?? 1
    self.most = most
    saturatingChains = points.first { $0.lines >= 0.95 * most }?.chains ?? one.chains
  }
}

/// Little's law: lines in flight = bandwidth x latency / line.
func littleLines(gigabytesPerSecond: Double, nanoseconds: Double, lineBytes: Int = 64) -> Double {
  gigabytesPerSecond * nanoseconds / Double(lineBytes)
}
