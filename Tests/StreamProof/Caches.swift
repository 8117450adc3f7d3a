import CacheModel
import Foundation

/// Plays a trace as cachegrind does: loads and stores alike, instruction fetches through a first level of their own into
/// the same last level, a request that spans two lines as at most one miss a level.
private final class AsCachegrind: AccessSink {
  private let simulator: CacheSimulator
  private var present = 0
  /// Phase 0 has the instructions, 1 the data, 2 the data that span lines.
  private static let spanning = 2
  private var spanningMisses: [UInt64] = [0, 0]

  init(first: CacheDescription, last: CacheDescription) throws {
    var last = last
    last.sharedByCores = 2
    simulator = try CacheSimulator(caches: [first, last], cores: 2)
  }

  func enter(phase: Int) {}

  func consume(_ accesses: UnsafeBufferPointer<Access>) {
    for var access in accesses {
      access.kind = .read
      let spans = access.address / 64 != (access.address + UInt64(access.bytes) - 1) / 64
      let phase = access.core == 1 ? 0 : (spans ? AsCachegrind.spanning : 1)
      if phase != present {
        simulator.enter(phase: phase)
        present = phase
      }
      let earlier = phase == AsCachegrind.spanning ? misses(phase) : [0, 0]
      withUnsafePointer(to: access) { simulator.consume(UnsafeBufferPointer(start: $0, count: 1)) }
      guard phase == AsCachegrind.spanning else { continue }
      for (level, (now, then)) in zip(misses(phase), earlier).enumerated() where now > then {
        spanningMisses[level] += 1
      }
    }
  }

  private func misses(_ phase: Int) -> [UInt64] { simulator.phaseCounts[phase].levels.map(\.misses) }

  /// D1 and LL misses of data.
  var counts: (d1: UInt64, ll: UInt64) {
    let data = simulator.phaseCounts.count > 1 ? misses(1) : [0, 0]
    return (data[0] + spanningMisses[0], data[1] + spanningMisses[1])
  }
}

/// Holds the simulator's counts against cachegrind's of the same program: they must be the same.
func compareCaches(trace: String, cachegrind: String) throws {
  let text = try String(contentsOfFile: cachegrind, encoding: .utf8)
  func line(_ prefix: String) -> [Substring] {
    text.split(separator: "\n").first { $0.hasPrefix(prefix) }?.dropFirst(prefix.count).split(separator: " ") ?? []
  }
  let totals = Dictionary(
    zip(line("events:").map(String.init), line("summary:").compactMap { UInt64($0) }), uniquingKeysWith: { $1 })
  func total(_ events: String...) throws -> UInt64 {
    try events.reduce(0) { sum, event in
      guard let value = totals[event] else {
        throw Mismatch(description: "\(cachegrind): expected \(event), found none")
      }
      return sum + value
    }
  }
  // As scripts/test-streams has told cachegrind.
  let simulated = try AsCachegrind(
    first: CacheDescription(name: "D1", sizeBytes: 32 << 10, ways: 8),
    last: CacheDescription(name: "LL", sizeBytes: 1 << 20, ways: 16))
  try TraceReader(path: trace, format: .lackey).read(into: simulated, fetchCore: 1)
  let pairs = [
    ("D1 misses", simulated.counts.d1, try total("D1mr", "D1mw")),
    ("LL misses of data", simulated.counts.ll, try total("DLmr", "DLmw")),
  ]
  for (what, ours, theirs) in pairs {
    print("\(ours == theirs ? "ok" : "FAILED"): \(what): simulated \(ours), cachegrind \(theirs)")
  }
  if pairs.contains(where: { $0.1 != $0.2 }) { throw Mismatch(description: "counts differ from cachegrind's") }
}
