/// The copies of replicated data and their readers: one copy for every memory node that has a worker.
///
/// Copy k is a `PlacedMemory` of policy `replicated` whose only owner is the CPU of worker `firstReader[k]`, touched by that
/// worker.
public struct Replication: Equatable, Sendable {
  /// The node of each copy; nil for the only copy of a machine whose kernel exposes no nodes.
  public let nodes: [Int?]
  /// The copy that each worker reads, by worker.
  public let copyOfWorker: [Int]
  /// The first worker that reads each copy, by copy.
  public let firstReader: [Int]
  public var count: Int { nodes.count }

  /// For workers on the CPUs `owners`, in their order.
  public init(owners: [Int], topology: Topology) {
    let localNodes = owners.map(topology.localNode)
    // Where a worker's node is not known, it has no nearest copy, and one copy serves all workers.
    let isKnown = !localNodes.contains(nil)
    nodes = isKnown ? Set(localNodes.compactMap { $0 }).sorted() : [nil]
    let nodes = nodes
    copyOfWorker = localNodes.map { node in nodes.firstIndex(of: node) ?? 0 }
    let copies = copyOfWorker
    firstReader = nodes.indices.map { copy in copies.firstIndex(of: copy) ?? 0 }
  }
}
