import AccessStreams
import Machines
import Support

/// A core's data TLB, exactly: at which level each access finds its page's translation, and which accesses walk the
/// page table.
///
/// A TLB is a small cache whose lines are pages, so the cache simulator plays it, with LRU, non-inclusive levels and
/// reads only. Every core has its own TLB. All pages have one size, and accesses count once per cache line, as in the
/// caches.
public final class TLBSimulator: AccessSink {
  public struct LevelCounts: Equatable, Sendable {
    public var name: String
    public var accesses: UInt64
    public var misses: UInt64
    public var hits: UInt64 { accesses - misses }
  }

  public let pageBytes: Int
  private let simulator: CacheSimulator
  private let lineBytes: UInt64

  /// Simulates the levels that take pages of `pageBytes`; `lineBytes` is the line of the machine's caches.
  public init(_ levels: [TLBDescription], pageBytes: Int, lineBytes: Int = 64, cores: Int = 1) throws {
    let levels = levels.filter { $0.pageBytes.contains(pageBytes) }
    guard !levels.isEmpty else {
      throw InputError(key: "tlb", "expected a level that takes pages of \(formatByteCount(pageBytes)), found none")
    }
    self.pageBytes = pageBytes
    self.lineBytes = UInt64(lineBytes)
    simulator = try CacheSimulator(
      caches: levels.map {
        CacheDescription(name: $0.name, sizeBytes: $0.entries * pageBytes, ways: $0.ways, lineBytes: pageBytes)
      }, cores: cores)
  }

  public func consume(_ accesses: UnsafeBufferPointer<Access>) {
    let stream = AccessStream(sink: simulator)
    for access in accesses {
      stream.core = access.core
      // One access per line, at its first byte.
      let last = access.address + UInt64(access.bytes) - 1
      var line = access.address / lineBytes * lineBytes
      while line <= last {
        stream.read(line, bytes: 1)
        line += lineBytes
        if line == 0 { break }  // the last line of the address space
      }
    }
    stream.flush()
  }

  public func enter(phase: Int) {}

  public func resetCounts() { simulator.resetCounts() }

  public var levels: [LevelCounts] {
    zip(simulator.caches, simulator.totalCounts.levels).map {
      LevelCounts(name: $0.name, accesses: $1.reads, misses: $1.misses)
    }
  }

  /// Accesses whose translation was in no level.
  public var walks: UInt64 { levels.last?.misses ?? 0 }
}

/// Passes a stream on to several sinks, one after another.
public final class FanOut: AccessSink {
  private let sinks: [any AccessSink]

  public init(_ sinks: [any AccessSink]) {
    self.sinks = sinks
  }

  public func consume(_ accesses: UnsafeBufferPointer<Access>) {
    for sink in sinks { sink.consume(accesses) }
  }

  public func enter(phase: Int) {
    for sink in sinks { sink.enter(phase: phase) }
  }
}
