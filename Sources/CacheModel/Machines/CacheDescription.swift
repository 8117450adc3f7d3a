/// The relation between a level's contents and those of the levels nearer to the cores.
public enum InclusionKind: String, CaseIterable, Sendable, Encodable {
  /// Neither inclusive nor exclusive: filled by its own misses, independent of the levels above.
  case nine
  /// Holds every line that the levels above hold. Evicting a line invalidates it in them too.
  case inclusive
  /// Filled only by the evictions of the level above, clean or dirty. A hit moves the line back up.
  case victim
}

/// The rate at which one core reads whole rows at random addresses, with many reads in flight. It is below a stream's
/// rate, because no prefetcher helps, and the difference shrinks as rows grow.
public struct RandomRowRate: Equatable, Sendable {
  public var rowBytes: Int
  /// Bytes per cycle in a cache, GB/s in a memory; per core.
  public var rate: Double

  public init(rowBytes: Int, rate: Double) {
    self.rowBytes = rowBytes
    self.rate = rate
  }
}

extension [RandomRowRate] {
  package mutating func scale(by factor: Double) {
    for index in indices { self[index].rate *= factor }
  }

  package func scaled(by factor: Double) -> [RandomRowRate] {
    // A grid of machines asks for the expected corner most often, which needs no copy.
    factor == 1 ? self : map { RandomRowRate(rowBytes: $0.rowBytes, rate: $0.rate * factor) }
  }
}

/// One level of cache. All its instances in the socket are equal.
public struct CacheDescription: Equatable, Sendable {
  public var name: String
  /// Capacity of one instance.
  public var sizeBytes: Int
  public var ways: Int
  public var lineBytes: Int
  /// Cores that share one instance.
  public var sharedByCores: Int
  /// Load-to-use latency of a hit.
  public var latencyCycles: Double?
  /// Bytes per cycle that one core's sequential reads sustain between this level and the next one nearer to the core
  /// (for the first level: the registers). Lines that a victim level takes in return are included.
  public var bytesPerCycle: Double?
  /// Bytes per cycle that one core's sequential ordinary stores sustain to lines of this level: fetching each line first
  /// and writing it back are included. Nil where not measured.
  public var writeBytesPerCycle: Double?
  /// Rates by rising row size; empty where not measured.
  public var randomRows: [RandomRowRate]
  /// Rates of rows that are read in pieces, one piece of each row before the next piece of any, by rising size of the
  /// *piece*. Hardware prefetchers run ahead within a row meanwhile. Empty where not measured.
  public var randomRowPieces: [RandomRowRate]
  public var policy: ReplacementKind
  public var inclusion: InclusionKind
  public var prefetcher: PrefetcherDescription?

  public init(
    name: String, sizeBytes: Int, ways: Int, lineBytes: Int = 64, sharedByCores: Int = 1, latencyCycles: Double? = nil,
    bytesPerCycle: Double? = nil, writeBytesPerCycle: Double? = nil, randomRows: [RandomRowRate] = [],
    randomRowPieces: [RandomRowRate] = [],
    policy: ReplacementKind = .lru, inclusion: InclusionKind = .nine,
    prefetcher: PrefetcherDescription? = nil
  ) {
    self.name = name
    self.sizeBytes = sizeBytes
    self.ways = ways
    self.lineBytes = lineBytes
    self.sharedByCores = sharedByCores
    self.latencyCycles = latencyCycles
    self.bytesPerCycle = bytesPerCycle
    self.writeBytesPerCycle = writeBytesPerCycle
    self.randomRows = randomRows
    self.randomRowPieces = randomRowPieces
    self.policy = policy
    self.inclusion = inclusion
    self.prefetcher = prefetcher
  }

  /// Sets of one instance; any whole number, not only powers of two.
  public var sets: Int { sizeBytes / (ways * lineBytes) }
}
