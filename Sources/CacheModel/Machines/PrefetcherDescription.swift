/// The pattern that a level's prefetchers follow.
public enum PrefetcherKind: String, CaseIterable, Sendable, Encodable {
  /// The lines after a line that missed.
  case nextLine = "next-line"
  /// Lines a constant step apart within a 4 KiB page.
  case stride
}

/// The hardware prefetcher of one level, one per core.
public struct PrefetcherDescription: Equatable, Sendable {
  public var kind: PrefetcherKind
  /// Lines fetched ahead of the line that trains the prefetcher.
  public var degree: Int
  /// Demand accesses of the core to the level until a prefetched line arrives; a line that is needed earlier counts
  /// as late. The simulator has no time; 0 makes every prefetch timely.
  public var latencyAccesses: Int

  public init(kind: PrefetcherKind, degree: Int = 1, latencyAccesses: Int = 0) {
    self.kind = kind
    self.degree = degree
    self.latencyAccesses = latencyAccesses
  }
}
