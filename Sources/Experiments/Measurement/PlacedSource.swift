import Kernels
import Profiler

/// Gives a kernel memory that is placed as its point says, first touched by its owner, and can be verified
/// afterwards.
///
/// Tables, weights, input and output follow the point's policy, cut into one part per worker, which is also how tokens are
/// split; a worker's scratch is always local to it. Replicated tables have a copy on each node that has a worker, which is
/// that copy's only owner; all else is then local.
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

  private var replication: Replication { Replication(owners: pool.verifiedCPUs, topology: topology) }

  var tableCopies: Int { policy == .replicated ? replication.count : 1 }

  func tableCopy(ofWorker index: Int) -> Int { policy == .replicated ? replication.copyOfWorker[index] : 0 }

  // MARK: - Memory

  func floats(_ count: Int, for role: MemoryRole) throws -> FloatBuffer {
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    func placed(_ policy: MemoryPolicy, owners: [Int]) throws -> PlacedMemory {
      try available {
        try PlacedMemory(bytes: bytes, pages: pages, policy: policy, owners: owners, topology: topology)
      }
    }
    let memory: PlacedMemory
    switch role {
    case .scratch(let worker):
      memory = try placed(.local, owners: [pool.verifiedCPUs[worker]])
      try memory.touch(by: pool, thread: worker)
    case .tables(let copy) where policy == .replicated && replication.count > 1:
      let reader = replication.firstReader[copy]
      memory = try placed(.replicated, owners: [pool.verifiedCPUs[reader]])
      try memory.touch(by: pool, thread: reader)
    default:
      let isLocal = policy == .replicated && replication.count > 1
      memory = try placed(isLocal ? .local : policy, owners: pool.verifiedCPUs)
      try memory.touch(by: pool)
    }
    mappings.append((role, memory))
    return FloatBuffer(base: memory.base.assumingMemoryBound(to: Float.self), count: count, owner: memory)
  }

  // MARK: - Verification

  /// The placement of the pages of the largest mapping that the policy applies to: the tables, or a dense layer's
  /// weights. For replicated tables it covers every copy.
  func verify() -> PlacementReport? {
    let placed = mappings.filter { if case .scratch = $0.role { false } else { true } }
    let tables = placed.filter { if case .tables = $0.role { true } else { false } }
    func largest(_ mappings: [(role: MemoryRole, memory: PlacedMemory)]) -> PlacedMemory? {
      mappings.map(\.memory).max { $0.byteCount < $1.byteCount }
    }
    guard policy == .replicated, replication.count > 1 else { return largest(placed)?.verify() }
    guard !tables.isEmpty else {
      var report = largest(placed)?.verify()
      report?.notes.append("a layer without tables: replicated is the same as local")
      return report
    }
    // A copy may have several kinds of arrays, of which the rows are the largest. Notes name the copy.
    let reports = (0..<replication.count).compactMap { copy -> PlacementReport? in
      guard var report = largest(tables.filter({ $0.role == .tables(copy: copy) }))?.verify() else { return nil }
      report.notes = report.notes.map { "copy \(copy) of the tables: \($0)" }
      return report
    }
    return PlacementReport.sum(reports)
  }
}

extension PlacementReport {
  /// The report of several arrays together: pages are summed and notes collected; a value that one report lacks is
  /// missing.
  static func sum(_ reports: [PlacementReport]) -> PlacementReport? {
    guard var sum = reports.first else { return nil }
    func added(_ left: Int?, to right: Int?) -> Int? { left.flatMap { left in right.map { left + $0 } } }
    for report in reports.dropFirst() {
      if let pages = sum.pagesPerNode, let more = report.pagesPerNode {
        sum.pagesPerNode = pages.merging(more, uniquingKeysWith: +)
      } else {
        sum.pagesPerNode = nil
      }
      sum.misplacedPages = added(report.misplacedPages, to: sum.misplacedPages)
      sum.untouchedPages = added(report.untouchedPages, to: sum.untouchedPages)
      if sum.obtainedPages != report.obtainedPages { sum.obtainedPages = nil }
      if sum.hugeFraction != report.hugeFraction { sum.hugeFraction = nil }
      sum.byteCount += report.byteCount
      sum.pageCount += report.pageCount
      sum.queriedPages += report.queriedPages
      sum.isSampled = sum.isSampled || report.isSampled
      sum.notes += report.notes
    }
    return sum
  }
}
