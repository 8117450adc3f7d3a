import Foundation
import Support

/// The caches that callgrind simulates: one level for instructions, one for data, and a last level behind both.
public struct ValgrindCaches: Codable, Equatable, Sendable {
  public var instruction: Cache
  public var first: Cache
  public var last: Cache
  /// How the simulated caches differ from this machine's; empty where they do not.
  public var notes: [String]

  public struct Cache: Codable, Equatable, Sendable {
    public var bytes: Int
    public var ways: Int
    public var lineBytes: Int

    public init(bytes: Int, ways: Int, lineBytes: Int) {
      self.bytes = bytes
      self.ways = ways
      self.lineBytes = lineBytes
    }

    /// As valgrind's options take it.
    var argument: String { "\(bytes),\(ways),\(lineBytes)" }

    /// Such as `32 KiB in 8 ways`.
    var text: String { "\(formatByteCount(bytes)) in \(ways) ways" }
  }

  public init(instruction: Cache, first: Cache, last: Cache, notes: [String] = []) {
    self.instruction = instruction
    self.first = first
    self.last = last
    self.notes = notes
  }

  /// Those that one CPU of this machine reads through, as near as valgrind can have them. Throws `NotAvailable` where
  /// the kernel does not say how large they are.
  ///
  /// Threads share the data cache and the last level of the simulation, however many of each the machine has for them.
  public init(_ topology: Topology, cpu: Int) throws {
    let data = topology.dataCaches(of: cpu)
    let code = topology.caches.first { $0.level == 1 && $0.type == "Instruction" && $0.sharedCPUs.contains(cpu) }
    guard let first = data.first, let last = data.last, data.count > 1 else {
      throw NotAvailable(
        key: Valgrind.pmu, "expected at least two levels of caches that the kernel describes, found \(data.count)")
    }
    var notes: [String] = []
    func simulated(_ cache: Topology.Cache, _ name: String) throws -> Cache {
      guard let bytes = cache.sizeBytes, let ways = cache.ways, let line = cache.lineBytes, ways > 0, line > 0 else {
        throw NotAvailable(key: Valgrind.pmu, "expected the size, ways and line of \(name), found some of them unknown")
      }
      let real = Cache(bytes: bytes, ways: ways, lineBytes: line)
      let nearest = Self.nearest(to: real)
      if nearest != real { notes.append("\(name) is \(real.text), simulated as \(nearest.text)") }
      return nearest
    }
    let simulatedFirst = try simulated(first, "the first level")
    self.first = simulatedFirst
    self.last = try simulated(last, "the last level")
    instruction = (try? code.map { try simulated($0, "the instruction cache") }) ?? simulatedFirst
    if data.count > 2 { notes.append("of \(data.count) levels of caches, the first and the last are simulated") }
    self.notes = notes
  }

  /// The cache nearest in size, then in ways, that valgrind can have: its sets must be a power of two, so that a size
  /// such as 96 MiB takes other ways than the machine's. Ways are from half to twice as many.
  static func nearest(to cache: Cache) -> Cache {
    var best: (cache: Cache, difference: Double)?
    let lines = Double(cache.bytes) / Double(cache.lineBytes)
    for ways in max(1, cache.ways / 2)...max(1, cache.ways * 2) {
      let exponent = max(0, log2(lines / Double(ways)).rounded())
      let sets = 1 << Int(exponent)
      let size = Double(sets * ways) / lines
      // Twice as many ways matter as little as a hundredth of the size.
      let difference = abs(log2(size)) + 0.01 * abs(log2(Double(ways) / Double(cache.ways)))
      if best.map({ difference < $0.difference }) ?? true {
        best = (Cache(bytes: sets * ways * cache.lineBytes, ways: ways, lineBytes: cache.lineBytes), difference)
      }
    }
    return best?.cache ?? cache
  }

  /// Such as `D1 32 KiB in 8 ways, LL 32 MiB in 16 ways`.
  public var text: String { "D1 \(first.text), LL \(last.text)" }
}
