import Support
import TestSupport
import Testing

@testable import Profiler

/// Four packages of one node and two CPUs each: 0-1, 2-3, 4-5, 6-7. `change` may break the files before they are read.
private func fourNodes(_ change: (inout [String: String]) -> Void = { _ in }) throws -> Topology {
  var files = FakeMachine.files(packages: 4, clustersPerPackage: 1, coresPerCluster: 2, threadsPerCore: 1)
  change(&files)
  return try FakeMachine(files).read { Topology.read(root: $0) }
}

private let node = "sys/devices/system/node/node"

struct MemoryNodeTests {
  @Test func `a CPU's local node is its own`() throws {
    let topology = try fourNodes()
    #expect((0..<8).map(topology.localNode) == [0, 0, 1, 1, 2, 2, 3, 3])
  }

  @Test func `of equally far nodes the first is the remote one`() throws {
    let topology = try fourNodes()
    #expect((0..<8).map(topology.remoteNode) == [1, 1, 0, 0, 0, 0, 0, 0])
  }

  @Test func `distances decide which node is farthest`() throws {
    let topology = try fourNodes { $0["\(node)0/distance"] = "10 12 30 20" }
    #expect(topology.remoteNode(of: 1) == 2)
  }

  @Test func `a CPU whose node has no memory goes to the nearest one that has`() throws {
    let topology = try fourNodes {
      $0["\(node)2/meminfo"] = "Node 2 MemTotal: 0 kB"
      $0["\(node)2/distance"] = "30 20 10 15"
    }
    #expect(topology.allowedNodes == [0, 1, 3])
    #expect(topology.localNode(of: 4) == 3)
  }

  @Test func `memory without CPUs (CXL, HBM, a GPU's) is no CPU's local, remote or interleaved node`() throws {
    let topology = try fourNodes { files in
      for (id, cpus) in ["0-3", "4-7", "", ""].enumerated() { files["\(node)\(id)/cpulist"] = cpus }
      for id in 0..<4 {
        files["\(node)\(id)/distance"] = (0..<4).map { $0 == id ? "10" : "\(20 * $0 + 20)" }.joined(separator: " ")
      }
    }
    #expect(topology.processorNodes == [0, 1])
    #expect(topology.remoteNode(of: 0) == 1)
    #expect(try PageLayout.wanted(.interleave, owners: [0], topology: topology).layout == .interleaved([0, 1]))
    #expect(try PageLayout.wanted(.node(3), owners: [0], topology: topology).layout == .parts([3], isBound: true))
  }

  @Test func `a kernel without nodes has neither local nor remote ones`() throws {
    let topology = try fourNodes { files in
      for path in files.keys where path.contains("/node/") { files[path] = nil }
    }
    #expect(topology.localNode(of: 0) == nil)
    #expect(topology.remoteNode(of: 0) == nil)
    #expect(try PageLayout.wanted(.local, owners: [0, 7], topology: topology).layout == .anywhere)
    #expect(Replication(owners: [0, 7], topology: topology).count == 1)
  }
}

struct PageLayoutTests {
  @Test func `local binds each worker's part to its node, first-touch leaves it to the worker`() throws {
    let topology = try fourNodes()
    #expect(
      try PageLayout.wanted(.local, owners: [0, 2, 3], topology: topology).layout == .parts([0, 1, 1], isBound: true))
    #expect(
      try PageLayout.wanted(.firstTouch, owners: [0, 2, 3], topology: topology).layout
        == .parts([0, 1, 1], isBound: false))
  }

  @Test func `remote binds each worker's part elsewhere`() throws {
    #expect(
      try PageLayout.wanted(.remote, owners: [0, 2, 7], topology: fourNodes()).layout
        == .parts([1, 0, 0], isBound: true))
  }

  @Test func `remote with one memory node is an error, local and replicated bind nothing there`() throws {
    let files = FakeMachine.files(packages: 1, clustersPerPackage: 1, coresPerCluster: 2, threadsPerCore: 1)
    let topology = try FakeMachine(files).read { Topology.read(root: $0) }
    let error = try #require(throws: NotAvailable.self) {
      try PageLayout.wanted(.remote, owners: [0, 1], topology: topology)
    }
    #expect(error.description.contains("two memory nodes"))
    #expect(try PageLayout.wanted(.local, owners: [0], topology: topology).layout == .parts([0], isBound: false))
    #expect(
      try PageLayout.wanted(.replicated, owners: [0], topology: topology).note?.contains("one memory node") == true)
    #expect(
      try PageLayout.wanted(.interleave, owners: [0], topology: topology).note?.contains("one memory node") == true)
  }

  @Test func `pages on another node than their part's are misplaced`() {
    let layout = PageLayout.parts([0, 1, 1, 3], isBound: true)
    let nodes = [0, 0, 1, 1, 1, 1, 3, 3]
    #expect(layout.misplaced(pages: Array(0..<8), on: nodes, pageCount: 8, unit: 1) == 0)
    #expect(layout.misplaced(pages: Array(0..<8), on: [1] + nodes.dropFirst(), pageCount: 8, unit: 1) == 1)
    #expect(layout.misplaced(pages: Array(0..<8), on: nodes.reversed(), pageCount: 8, unit: 1) == 4)
    // A sample of the pages, with parts cut at units of two pages: 4 units among 4 parts.
    #expect(layout.misplaced(pages: [1, 3, 7], on: [0, 1, 3], pageCount: 8, unit: 2) == 0)
    #expect(layout.misplaced(pages: [1, 3, 7], on: [0, 1, 0], pageCount: 8, unit: 2) == 1)
    #expect(PageLayout.anywhere.misplaced(pages: [0], on: [5], pageCount: 1, unit: 1) == nil)
  }

  @Test func `interleaved pages are spread evenly, except for one unit`() {
    let layout = PageLayout.interleaved([0, 1])
    func misplaced(_ nodes: [Int], unit: Int = 1) -> Int? {
      layout.misplaced(pages: Array(nodes.indices), on: nodes, pageCount: nodes.count, unit: unit)
    }
    #expect(misplaced([0, 1, 0, 1]) == 0)
    #expect(misplaced([0, 1, 0]) == 0)
    #expect(misplaced([0, 0, 0, 0]) == 1)
    #expect(misplaced(Array(repeating: 0, count: 512) + Array(repeating: 1, count: 1024), unit: 512) == 0)
    #expect(misplaced(Array(repeating: 0, count: 2048), unit: 512) == 512)
    #expect(misplaced([0, 1, 2, 2]) == 2)
  }

  @Test func `every copy of replicated data lies on the node of its readers`() throws {
    let replication = Replication(owners: [5, 0, 4, 1, 7], topology: try fourNodes())
    #expect(replication.nodes == [0, 2, 3])
    #expect(replication.copyOfWorker == [1, 0, 1, 0, 2])
    #expect(replication.firstReader == [1, 0, 4])
  }

  @Test(arguments: ["local", "remote", "first-touch", "interleave", "node:3", "replicated"])
  func `policies are written as they are read`(text: String) {
    #expect(MemoryPolicy(text)?.description == text)
  }

  @Test(arguments: ["compact", "scatter", "l3", "0,2,5"])
  func `thread placements are written as they are read`(text: String) {
    #expect(CPUPlacement(text)?.description == text)
  }

  @Test(arguments: ["", "node:", "node:-1", "node:x", "Local", "replicate"])
  func `other words are not policies`(text: String) {
    #expect(MemoryPolicy(text) == nil)
  }
}

struct NodeUsageTests {
  private let numaMaps = """
    7f0000000000 bind:1 anon=4 dirty=4 active=0 N0=1 N1=3 kernelpagesize_kB=4
    7f0000004000 default
    7f0000005000 interleave:0-1 file=/memfd:x huge anon=2 dirty=2 N1=2 kernelpagesize_kB=2048
    7f0000405000 default anon=9 N0=9 kernelpagesize_kB=4
    """

  @Test func `pages are counted per node, huge ones as many base pages`() {
    let usage = NodeUsage(numaMaps: numaMaps, range: 0x7f00_0000_0000..<0x7f00_0040_5000, basePageBytes: 4096)
    #expect(usage.pagesPerNode == [0: 1, 1: 3 + 1024])
  }

  @Test func `a range without mappings has none`() {
    #expect(NodeUsage(numaMaps: numaMaps, range: 0..<4096, basePageBytes: 4096).pagesPerNode.isEmpty)
  }
}
