import Machines
import Statistics

/// What independent chases say about how many lines a core keeps under way, by Little's law: lines = rate x latency.
public struct LinesInFlight: Equatable, Sendable {
  public struct Point: Equatable, Sendable {
    public var chains: Int
    public var gigabytesPerSecond: Double
    /// At the latency of few chains: what a core must have under way to reach the rate in an idle memory.
    public var lines: Double
  }

  /// By rising number of chains.
  public let points: [Point]
  /// Median of the times of a round of one, two and four chains, which every core keeps under way together: a burst of a
  /// neighbour during one of them is not taken for the latency.
  public let latencyNanoseconds: Double
  /// The most that any number of chains reached, in lines.
  public let most: Double
  /// The fewest chains that reached 95 % of that.
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

/// Little's law: lines under way = bandwidth x latency / line.
func littleLines(gigabytesPerSecond: Double, nanoseconds: Double, lineBytes: Int = 64) -> Double {
  gigabytesPerSecond * nanoseconds / Double(lineBytes)
}
