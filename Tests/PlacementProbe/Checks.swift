import CLibNUMA
import CLinux
import Profiler

func runChecks(_ expected: Arguments, _ table: inout CheckTable) throws {
  table.check("a static executable loads libraries", "false", "\(linux_can_load_libraries())")
  let topology = Topology.read()
  table.check("CPUs of the nodes", try expected["nodes"], lists(topology.nodes.map(\.cpus)))
  table.check("CPUs of the L3 clusters", try expected["clusters"], lists(topology.clusters.map(\.cpus)))
  table.check(
    "node distances", try expected["distances"],
    topology.nodes.map { $0.distances.map(String.init).joined(separator: ",") }.joined(separator: "/"))

  for placement in ["compact", "scatter", "l3", "list"] {
    let cpus = try expected.cpus(placement)
    let policy = placement == "list" ? CPUPlacement.list(cpus) : CPUPlacement(placement)
    guard let policy else { throw MissingArgument(key: placement) }
    let pool = try PinnedPool(cpus: topology.cpus(for: policy, threads: cpus.count))
    table.check("threads \(placement)", list(cpus), list(pool.verifiedCPUs))
  }
  try checkMemory(expected, topology, &table)
}

private func checkMemory(_ expected: Arguments, _ topology: Topology, _ table: inout CheckTable) throws {
  let pool = try PinnedPool(cpus: expected.cpus("owners"))
  let bytes = pool.threadCount * partPages * 4096
  func place(_ policy: MemoryPolicy, pages: PageKind = .base) throws -> PlacedMemory {
    let memory = try PlacedMemory(
      bytes: bytes, pages: pages, policy: policy, owners: pool.verifiedCPUs, topology: topology)
    try memory.touch(by: pool)
    return memory
  }

  for policy in [MemoryPolicy.local, .remote, .firstTouch, .interleave] {
    table.check("memory \(policy)", try pages(expected["\(policy)"]), found(try place(policy).verify()))
  }
  for node in topology.nodes.map(\.id) {
    let whole = [node: pool.threadCount * partPages]
    table.check("memory node:\(node)", text(whole), found(try place(.node(node)).verify()))
  }
  let replication = Replication(owners: pool.verifiedCPUs, topology: topology)
  table.check("copies that workers read", try expected["replicated"], list(replication.copyOfWorker))
  for (copy, node) in replication.nodes.enumerated() {
    let reader = replication.firstReader[copy]
    let memory = try PlacedMemory(
      bytes: bytes, policy: .replicated, owners: [pool.verifiedCPUs[reader]], topology: topology)
    try memory.touch(by: pool, thread: reader)
    table.check(
      "memory replicated, copy \(copy)", text([node ?? -1: pool.threadCount * partPages]), found(memory.verify()))
  }

  try checkPageKinds(topology, Int(try expected["hugetlb"]) ?? -1, pool, &table)
  try checkMigration(place(.node(0)), to: topology.nodes.map(\.id).last ?? 0, &table)
  try checkKernels(expected, pool, topology, &table)
}

private func checkPageKinds(
  _ topology: Topology, _ node: Int, _ pool: PinnedPool, _ table: inout CheckTable
) throws {
  for kind in PageKind.allCases {
    let memory = try PlacedMemory(
      bytes: 4 << 20, pages: kind, policy: .node(node), owners: pool.verifiedCPUs, topology: topology)
    try memory.touch(by: pool)
    let report = memory.verify()
    table.check(
      "pages \(kind.rawValue) on node:\(node)", "\(node):1024 \(kind.rawValue)",
      "\(found(report)) \(report.pageKindName)")
  }
}

/// Pages that move during a measurement must be noticed.
private func checkMigration(_ memory: PlacedMemory, to node: Int, _ table: inout CheckTable) throws {
  let moved = 10
  var pages: [UnsafeMutableRawPointer?] = (0..<moved).map { memory.base + $0 * 4096 }
  var nodes = [Int32](repeating: Int32(node), count: moved)
  var status = [Int32](repeating: 0, count: moved)
  move_pages(0, UInt(moved), &pages, &nodes, &status, MPOL_MF_MOVE)
  let report = memory.verify()
  table.check(
    "pages that were moved away", "\(moved) misplaced",
    "\(report.misplacedPages.map(String.init) ?? "unknown") misplaced")
}

/// Where the pages lie, and what is wrong with it.
private func found(_ report: PlacementReport) -> String {
  ([report.pagesPerNodeText] + report.notes).joined(separator: "; ")
}

/// The text `0:1,1:3` in parts as the same text in pages.
private func pages(_ parts: String) -> String {
  text(
    Dictionary(
      parts.split(separator: ",").compactMap { part in
        let numbers = part.split(separator: ":").compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1] * partPages) : nil
      }, uniquingKeysWith: +))
}

private func text(_ pagesPerNode: [Int: Int]) -> String {
  pagesPerNode.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ")
}

private func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }

private func lists(_ groups: [[Int]]) -> String { groups.map(formatCPUList).joined(separator: "/") }
