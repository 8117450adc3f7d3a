import Support

/// The nodes that a policy wants the pages of one mapping on.
enum PageLayout: Equatable, Sendable {
  /// The kernel decides.
  case anywhere
  /// The mapping is cut into as many equal parts as the list has nodes; part k lies on node k of the list, in which a
  /// node may occur repeatedly. Pages are bound, or placed by the first touch of a thread on that node.
  case parts([Int], isBound: Bool)
  /// The pages are distributed page by page over these nodes.
  case interleaved([Int])

  /// The layout for workers on the CPUs `owners`. Without owners, the thread that touches a page first owns it.
  ///
  /// Throws `InputError` for a policy that this machine cannot follow. `note` names a layout that is equivalent here
  /// but not the one asked for.
  static func wanted(
    _ policy: MemoryPolicy, owners: [Int], topology: Topology
  ) throws -> (layout: PageLayout, note: String?) {
    switch policy {
    case .local, .replicated:
      // With one node there is nothing to bind, and nothing that a container could deny.
      let isBound = topology.allowedNodes.count > 1
      let note = policy == .replicated && !isBound ? "one memory node only: replicated is the same as local" : nil
      return (parts(owners.map(topology.localNode), isBound: isBound), note)
    case .firstTouch: return (parts(owners.map(topology.localNode), isBound: false), nil)
    case .remote:
      let nodes = owners.map(topology.remoteNode)
      guard !owners.isEmpty, !nodes.contains(nil) else {
        throw NotAvailable(
          key: "memory",
          "expected two memory nodes with CPUs for remote, found \(topology.processorNodes.count)")
      }
      return (parts(nodes, isBound: true), nil)
    case .interleave:
      let nodes = topology.processorNodes
      return nodes.count > 1
        ? (.interleaved(nodes), nil) : (.anywhere, "one memory node only: interleave is the same as local")
    case .node(let node):
      if topology.nodes.isEmpty && node == 0 {
        return (.anywhere, "the kernel exposes no NUMA nodes: node:0 is the same as local")
      }
      guard topology.allowedNodes.contains(node) else {
        throw NotAvailable(
          key: "memory",
          "expected one of the memory nodes \(formatCPUList(topology.allowedNodes)), found node:\(node)")
      }
      return (.parts([node], isBound: true), nil)
    }
  }

  private static func parts(_ nodes: [Int?], isBound: Bool) -> PageLayout {
    let known = nodes.compactMap { $0 }
    return known.isEmpty || known.count < nodes.count ? .anywhere : .parts(known, isBound: isBound)
  }

  /// How many of the pages numbered `pages`, which lie on `nodes`, are not on the wanted node. The mapping has
  /// `pageCount` pages and was placed in units of `unit` pages. Nil where no node is wanted.
  func misplaced(pages: [Int], on nodes: [Int], pageCount: Int, unit: Int) -> Int? {
    switch self {
    case .anywhere: return nil
    case .parts(let wanted, _):
      let ranges = partition(units: pageCount / unit, parts: wanted.count)
      var part = 0
      return zip(pages, nodes).count { page, node in
        while part + 1 < ranges.count && page / unit >= ranges[part].upperBound { part += 1 }
        return node != wanted[part]
      }
    case .interleaved(let wanted):
      let share = Double(nodes.count) / Double(wanted.count)
      // A node may have one unit more than its share; in a sample it may also deviate by chance, up to five standard
      // deviations.
      let isSample = nodes.count < pageCount
      let chance = isSample ? 5 * (share * (1 - 1 / Double(wanted.count))).squareRoot() : 0
      let limit = Int((share + Double(unit) + chance).rounded(.up))
      let counts = Dictionary(grouping: nodes) { $0 }.mapValues(\.count)
      return counts.reduce(0) { sum, entry in
        sum + (wanted.contains(entry.key) ? max(0, entry.value - limit) : entry.value)
      }
    }
  }
}

/// Cuts `units` pages into `parts` consecutive ranges of nearly equal length. Range k belongs to worker k.
func partition(units: Int, parts: Int) -> [Range<Int>] {
  (0..<parts).map { units * $0 / parts..<units * ($0 + 1) / parts }
}
