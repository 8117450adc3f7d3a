extension Topology {
  /// The nearest memory node of CPU `id` among those that may be used: its own node, unless that has no memory. The
  /// lowest number where several are equally near; nil where the kernel exposes no nodes.
  public func localNode(of id: Int) -> Int? {
    guard let node = cpu(id)?.node else { return nil }
    if allowedNodes.contains(node) { return node }
    return byDistance(from: node, allowedNodes).first
  }

  /// The memory node farthest from CPU `id`, of those that have CPUs and may be used: the lowest number where several are
  /// equally far; nil where there is no other.
  ///
  /// Nodes without CPUs are another kind of memory (CXL, HBM in flat mode, a GPU's), which is used only where it is
  /// named.
  public func remoteNode(of id: Int) -> Int? {
    guard let local = localNode(of: id) else { return nil }
    let others = processorNodes.filter { $0 != local }
    guard let farthest = byDistance(from: local, others).last else { return nil }
    return others.first { distance(from: local, to: $0) == distance(from: local, to: farthest) }
  }

  /// The memory nodes that have CPUs and may be used, ascending.
  public var processorNodes: [Int] {
    nodes.filter { !$0.cpus.isEmpty && allowedNodes.contains($0.id) }.map(\.id)
  }

  private func byDistance(from node: Int, _ candidates: [Int]) -> [Int] {
    candidates.sorted { (distance(from: node, to: $0), $0) < (distance(from: node, to: $1), $1) }
  }

  /// Relative access cost as the firmware states it; otherwise 10 for the own node and 20 for others, as Linux
  /// assumes.
  private func distance(from: Int, to: Int) -> Int {
    guard let row = nodes.first(where: { $0.id == from })?.distances, row.count == nodes.count,
      let column = nodes.firstIndex(where: { $0.id == to })
    else { return from == to ? 10 : 20 }
    return row[column]
  }
}
