/// What a level's prefetchers look for.
public enum PrefetcherKind: String, CaseIterable, Sendable, Encodable {
  /// The lines after one that missed.
  case nextLine = "next-line"
  /// Lines a constant step apart within a 4 KiB page.
  case stride
}

/// The hardware prefetcher of one level, one per core.
public struct PrefetcherDescription: Equatable, Sendable {
  public var kind: PrefetcherKind
  /// Lines fetched ahead of the one that trains it.
  public var degree: Int
  /// Demand accesses of the core to the level until a prefetched line is there: one that is wanted within them is late.
  /// The simulator knows no time; 0 makes every prefetch timely.
  public var latencyAccesses: Int

  public init(kind: PrefetcherKind, degree: Int = 1, latencyAccesses: Int = 0) {
    self.kind = kind
    self.degree = degree
    self.latencyAccesses = latencyAccesses
  }
}
