import Kernels
import Profiler

/// Gives a kernel memory that is placed as a point asks, first touched by its owner, and can be verified afterwards.
///
/// Tables, weights, input and output follow the point's policy; a worker's scratch is always local to it. With the local
/// policy the workers touch an array in equal parts, which is also how tokens are split. Replicated tables have a copy on
/// each node that has a worker; all else is then local.
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

  // MARK: - Copies

  /// The nodes that have a worker, ascending; none where the kernel exposes no nodes.
  private var nodes: [Int] { Set(pool.verifiedCPUs.compactMap { topology.cpu($0)?.node }).sorted() }

  var tableCopies: Int { policy == .replicated ? max(1, nodes.count) : 1 }

  func tableCopy(ofWorker index: Int) -> Int {
    guard policy == .replicated, let node = topology.cpu(pool.verifiedCPUs[index])?.node else { return 0 }
    return nodes.firstIndex(of: node) ?? 0
  }

  /// Where an array's pages are to lie.
  private func policy(for role: MemoryRole) -> MemoryPolicy {
    switch (policy, role) {
    case (_, .scratch): return .local
    case (.replicated, .tables(let copy)) where nodes.count > 1: return .node(nodes[copy])
    case (.replicated, _): return .local
    default: return policy
    }
  }

  // MARK: - Memory

  func floats(_ count: Int, for role: MemoryRole) throws -> FloatBuffer {
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    let memory = try available {
      try PlacedMemory(bytes: bytes, pages: pages, policy: policy(for: role), topology: topology)
    }
    if case .scratch(let worker) = role {
      try memory.touch(by: pool, thread: worker)
    } else {
      try memory.touch(by: pool)
    }
    mappings.append((role, memory))
    return FloatBuffer(base: memory.base.assumingMemoryBound(to: Float.self), count: count, owner: memory)
  }

  // MARK: - Verification

  /// Where the pages of the largest mapping lie that the policy applies to: the tables, or a dense layer's weights. Of
  /// replicated tables every copy is asked about, and one that lies elsewhere than it should is noted.
  func verify() -> PlacementReport? {
    let tables = mappings.filter { if case .tables = $0.role { true } else { false } }
    let placed = mappings.filter { if case .scratch = $0.role { false } else { true } }
    let subject = policy == .replicated && !tables.isEmpty ? tables : placed
    guard let largest = subject.max(by: { $0.memory.byteCount < $1.memory.byteCount }) else { return nil }
    guard policy == .replicated, !tables.isEmpty else { return largest.memory.verify() }
    guard nodes.count > 1 else {
      var report = largest.memory.verify()
      report.notes.append("threads on one memory node only: replicated is a single copy")
      return report
    }
    var reports: [PlacementReport] = []
    for (copy, node) in nodes.enumerated() {
      // A copy may have arrays of several kinds; the rows are the largest.
      let memory = tables.filter { $0.role == .tables(copy: copy) }.map(\.memory).max { $0.byteCount < $1.byteCount }
      guard var report = memory?.verify() else { continue }
      let pages = report.pagesPerNode ?? [:]
      let found = pages.isEmpty ? "unknown nodes" : "node:pages \(report.pagesPerNodeText)"
      report.notes.append(
        "copy \(copy) of the tables on \(found)" + (Set(pages.keys) == [node] ? "" : ", expected node \(node) alone"))
      reports.append(report)
    }
    return PlacementReport.sum(reports)
  }
}

extension PlacementReport {
  /// Several arrays as one: pages added up, notes of all; what one of them does not know, the sum does not know.
  static func sum(_ reports: [PlacementReport]) -> PlacementReport? {
    guard var sum = reports.first else { return nil }
    for report in reports.dropFirst() {
      if let pages = sum.pagesPerNode, let more = report.pagesPerNode {
        sum.pagesPerNode = pages.merging(more, uniquingKeysWith: +)
      } else {
        sum.pagesPerNode = nil
      }
      if sum.obtainedPages != report.obtainedPages { sum.obtainedPages = nil }
      sum.byteCount += report.byteCount
      sum.pageCount += report.pageCount
      sum.queriedPages += report.queriedPages
      sum.notes += report.notes
    }
    return sum
  }
}
