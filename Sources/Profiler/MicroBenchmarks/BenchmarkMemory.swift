/// Memory of every thread of a pool, first touched by it, that micro-benchmarks over several working sets share: each uses
/// as much of its beginning as it needs. Mapping and touching anew for every size would take longer than measuring.
public final class BenchmarkMemory {
  /// By thread; each of at least `bytesPerThread`.
  let parts: [PlacedMemory]
  public let bytesPerThread: Int
  /// Where each thread's part was found to lie after the first touch.
  public let placements: [PlacementReport]
  /// How far into each part traffic has come: the next goes on from there, so that none finds in a large cache what another
  /// has just brought there.
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
