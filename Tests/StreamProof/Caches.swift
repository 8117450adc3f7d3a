import AccessStreams
import Foundation
import Machines
import Simulation

/// Plays a trace as cachegrind does: loads and stores alike, instruction fetches through a first level of their own into
/// the same last level, a request that spans two lines as at most one miss a level. Such a request asks the last level for
/// both lines even if the first lacks only one, which no hierarchy of single lines does; so every level is a simulator of
/// its own here, and the walk from level to level is cachegrind's.
private final class AsCachegrind: AccessSink {
  private let instructions: CacheSimulator
  private let data: CacheSimulator
  private let last: CacheSimulator
  /// Data misses in D1 and LL.
  private(set) var counts: (d1: UInt64, ll: UInt64) = (0, 0)

  init(first: CacheDescription, last: CacheDescription) throws {
    instructions = try CacheSimulator(caches: [first])
    data = try CacheSimulator(caches: [first])
    self.last = try CacheSimulator(caches: [last])
  }

  func enter(phase: Int) {}

  func consume(_ accesses: UnsafeBufferPointer<Access>) {
    for var access in accesses {
      let isData = access.core == 0
      access.kind = .read
      access.core = 0
      guard misses(access, in: isData ? data : instructions) else { continue }
      let missesLast = misses(access, in: last)
      guard isData else { continue }
      counts.d1 += 1
      if missesLast { counts.ll += 1 }
    }
  }

  /// Whether `cache` lacks a line of the access, which it has afterwards.
  private func misses(_ access: Access, in cache: CacheSimulator) -> Bool {
    let before = cache.memoryReads
    withUnsafePointer(to: access) { cache.consume(UnsafeBufferPointer(start: $0, count: 1)) }
    return cache.memoryReads > before
  }
}

/// Compares the simulator's counts with cachegrind's of the same program; they must be equal.
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
  // The geometry that scripts/test-streams gives cachegrind.
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
