/// Memory of every thread of a pool, first touched by that thread. Micro-benchmarks over several working sets share
/// it, each using as much of its beginning as it needs, because mapping and touching for every size would take longer
/// than measuring.
public final class BenchmarkMemory {
  /// One part per thread, each of at least `bytesPerThread`.
  let parts: [PlacedMemory]
  public let bytesPerThread: Int
  /// Where each thread's part lies after the first touch.
  public let placements: [PlacementReport]
  /// How far into each part traffic has come. The next traffic continues there, so that it does not find in a large
  /// cache the lines of the previous one.
  var trafficPosition = 0

  public init(
    bytesPerThread: Int, pool: PinnedPool, pages: PageKind = .transparentHuge, policy: MemoryPolicy = .local
  ) throws {
    let topology = Topology.read()
    parts = try pool.verifiedCPUs.map { cpu in
      try PlacedMemory(bytes: bytesPerThread, pages: pages, policy: policy, owners: [cpu], topology: topology)
    }
    for (thread, part) in parts.enumerated() { try part.touch(by: pool, thread: thread) }
    self.bytesPerThread = bytesPerThread
    placements = parts.map { $0.verify() }
  }
}
