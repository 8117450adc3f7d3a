import Kernels
import Profiler

/// Gives a kernel memory that is placed as a point asks, first touched by its owner, and can be verified afterwards.
///
/// Tables, weights, input and output follow the point's policy, cut into one part per worker, which is also how tokens are
/// split; a worker's scratch is always local to it.
final class PlacedSource: MemorySource {
  private let pool: PinnedPool
  private let policy: MemoryPolicy
  private let pages: PageKind
  private let topology: Topology
  private(set) var mappings: [(role: MemoryRole, memory: PlacedMemory)] = []

  init(pool: PinnedPool, policy: MemoryPolicy, pages: PageKind, topology: Topology) {
    self.pool = pool
    self.policy = policy
    self.pages = pages
    self.topology = topology
  }

  func floats(_ count: Int, for role: MemoryRole) throws -> FloatBuffer {
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    let memory: PlacedMemory
    if case .scratch(let worker) = role {
      memory = try PlacedMemory(
        bytes: bytes, pages: pages, policy: .local, owners: [pool.verifiedCPUs[worker]], topology: topology)
      try memory.touch(by: pool, thread: worker)
    } else {
      let copies = Replication(owners: pool.verifiedCPUs, topology: topology)
      if policy == .replicated && role == .tables && copies.count > 1 {
        throw PointSkipped("replicated: the kernel reads one copy, its threads run on \(copies.count) memory nodes")
      }
      memory = try available {
        try PlacedMemory(bytes: bytes, pages: pages, policy: policy, owners: pool.verifiedCPUs, topology: topology)
      }
      try memory.touch(by: pool)
    }
    mappings.append((role, memory))
    return FloatBuffer(base: memory.base.assumingMemoryBound(to: Float.self), count: count, owner: memory)
  }

  /// Where the pages of the largest mapping lie that the policy applies to: the tables, or a dense layer's weights.
  func verify() -> PlacementReport? {
    let placed = mappings.filter { if case .scratch = $0.role { false } else { true } }
    return placed.max { $0.memory.byteCount < $1.memory.byteCount }?.memory.verify()
  }
}
