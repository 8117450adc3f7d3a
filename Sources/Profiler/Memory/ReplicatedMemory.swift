import InputFiles

/// The same read-only data once on every memory node that has a worker, so that no worker reads from another node.
///
/// The way to use it: create, `touch`, fill every copy alike, and give worker k `copy(ofWorker: k)`.
public final class ReplicatedMemory: Sendable {
  /// One copy per node that has a worker, by node number; a single one where the kernel exposes no nodes.
  public let copies: [PlacedMemory]
  /// Which of the copies each worker reads.
  private let indices: [Int]
  /// The first worker on each copy's node, which touches it first.
  private let touchers: [Int]

  /// Maps `bytes` bytes per copy for workers on the CPUs `owners`. Throws as `PlacedMemory` does.
  public init(bytes: Int, pages: PageKind = .base, owners: [Int], topology: Topology = .read()) throws {
    guard !owners.isEmpty else { throw InputError(key: "cpus", "expected at least one CPU, found none") }
    let nodes = owners.map(topology.localNode)
    let distinct = Set(nodes.compactMap { $0 }).sorted()
    if distinct.isEmpty || nodes.contains(nil) {
      copies = [try PlacedMemory(bytes: bytes, pages: pages, policy: .local, topology: topology)]
      indices = owners.map { _ in 0 }
    } else {
      // Owned by one worker of the node: `replicated` binds where there is another node to go to.
      copies = try distinct.map { node in
        let owner = owners.first { topology.localNode(of: $0) == node }
        return try PlacedMemory(
          bytes: bytes, pages: pages, policy: .replicated, owners: owner.map { [$0] } ?? [], topology: topology)
      }
      indices = nodes.map { node in distinct.firstIndex { $0 == node } ?? 0 }
    }
    let indices = indices
    touchers = copies.indices.map { copy in indices.firstIndex(of: copy) ?? 0 }
  }

  public func copy(ofWorker worker: Int) -> PlacedMemory { copies[indices[worker]] }

  /// Touches every page of every copy, from a worker of the copy's node. The pool's threads are the owners.
  public func touch(by pool: PinnedPool) throws {
    for (copy, worker) in zip(copies, touchers) { try copy.touch(by: pool, thread: worker) }
  }

  /// One report per copy; each may have its own troubles.
  public func verify() -> [PlacementReport] { copies.map { $0.verify() } }
}
