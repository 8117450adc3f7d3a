import Machines

/// Predicts the lines that a core will need next at one level. Each kind has a file of its own.
///
/// The contract: `train` is called with every demand access that misses the level and with the first use of every line
/// that was prefetched into it (tagged prefetching, Smith, "Cache Memories", ACM Computing Surveys 14(3), 1982), in
/// program order per core. It returns lines to fetch; those that the level holds already are skipped by the caller.
protocol Prefetcher {
  mutating func train(_ line: UInt64) -> PrefetchRequest?
}

/// A request for `count` lines, `stride` lines apart, from `first` on.
struct PrefetchRequest: Equatable {
  var first: UInt64
  var stride: Int64
  var count: Int
}

/// One core's prefetcher at one level, and the prefetches that are still in flight.
final class PrefetchUnit {
  /// Number of prefetches in flight that are remembered: more than any level's fill buffers (Neoverse and Golden Cove
  /// L2: 48 to 96).
  private static let mostUnderWay = 128

  private var prefetcher: any Prefetcher
  private let latencyAccesses: UInt64
  /// Demand accesses of the core to the level so far.
  private var clock: UInt64 = 0
  private var issued: [(line: UInt64, clock: UInt64)] = []
  private var next = 0

  init(_ description: PrefetcherDescription, lineBytes: Int) {
    switch description.kind {
    case .nextLine: prefetcher = NextLinePrefetcher(degree: description.degree)
    case .stride: prefetcher = StridePrefetcher(degree: description.degree, lineBytes: lineBytes)
    }
    latencyAccesses = UInt64(description.latencyAccesses)
  }

  func tick() { clock &+= 1 }

  func train(_ line: UInt64) -> PrefetchRequest? { prefetcher.train(line) }

  /// Records that `line` is requested now.
  func issue(_ line: UInt64) {
    guard latencyAccesses > 0 else { return }
    if issued.count < PrefetchUnit.mostUnderWay {
      issued.append((line, clock))
    } else {
      issued[next] = (line, clock)
      next = (next + 1) % issued.count
    }
  }

  /// Whether `line`, needed now, was requested so recently that it is still in flight.
  func isUnderWay(_ line: UInt64) -> Bool {
    issued.contains { $0.line == line && clock &- $0.clock <= latencyAccesses }
  }
}
